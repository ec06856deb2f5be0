import type { Credential } from '@keyturn/rotation/credential';
import { TransientError } from '@keyturn/rotation/errors';
import { expect } from 'vitest';

import type { Subject, Test } from './conformance-subject.ts';
import type { Traits } from './conformance-traits.ts';

type Call = (subject: Subject, target: string, key: Credential) => Promise<unknown>;

/** Every operation that has a target. */
const calls: Readonly<Record<string, Call>> = {
  propose: ({ propose }, target) => propose({ target }),
  ensure: ({ provider, ensureRequest }, target, credential) => provider.ensure(ensureRequest({ target, credential })),
  mark: ({ provider, ours }, target, { keyId }) => provider.mark({ target, keyId, mark: ours() }),
  check: ({ look }, target, credential) => look(credential, { target }),
  list: ({ provider }, target) => provider.list({ target }),
  disable: ({ provider, ours }, target, { keyId }) => provider.disable({ target, keyId, mark: ours() }),
  enable: ({ provider, ours }, target, { keyId }) => provider.enable({ target, keyId, mark: ours() }),
  remove: ({ provider, ours }, target, { keyId }) => provider.remove({ target, keyId, mark: ours() }),
};

const supported = (traits: Traits, operation: string) =>
  (operation !== 'mark' || traits.marksLater) &&
  (operation !== 'list' || traits.listOwned) &&
  (operation !== 'enable' || traits.reversibleDisable);
// Without overlap nothing but the last usable key can be disabled.
const retirable = (traits: Traits, operation: string) =>
  supported(traits, operation) && (operation !== 'disable' || traits.overlaps);
// Where we choose the key, proposing one asks nobody.
const asksSomebody = (traits: Traits, operation: string) => operation !== 'propose' || !traits.clientSuppliedKey;

export function targeting(test: Test, traits: Traits): void {
  test.describe('a target', () => {
    for (const [operation, call] of Object.entries(calls)) {
      if (supported(traits, operation)) {
        test(`that cannot be one is refused by ${operation}, whatever somebody wrote into the tag`, async ({
          subject,
        }) => {
          const key = await subject.handMade({ mark: subject.ours() });
          const targets = ['', 'https://keys.example/v1', '../../elsewhere', ...subject.malformedTargets];

          for (const target of targets) {
            const refusal = await subject.refusal(call(subject, target, key));

            expect(refusal).toMatchObject({ reason: 'misconfigured', field: 'target' });
          }
        });
      }

      if (supported(traits, operation) && asksSomebody(traits, operation)) {
        test(`that does not exist is target-missing for ${operation}`, async ({ subject }) => {
          const key = await subject.handMade({ mark: subject.ours() });

          const refusal = await subject.refusal(call(subject, subject.missingTarget, key));

          expect(refusal.reason).toBe('target-missing');
        });
      }
    }
  });
}

export function failing(test: Test, traits: Traits): void {
  test.describe('in trouble', () => {
    for (const [operation, call] of Object.entries(calls)) {
      for (const trouble of ['throttled', 'unavailable', 'denied', 'nonsense'] as const) {
        if (traits.faults && supported(traits, operation) && asksSomebody(traits, operation)) {
          test(`${operation} tells that the provider is ${trouble}, and changes nothing`, async ({ subject }) => {
            const { faults, target } = subject;
            await subject.handMade();
            const key = await subject.handMade({ mark: subject.ours() });
            const before = await subject.stored(target);

            faults?.always(trouble);
            const failure = await subject.failure(call(subject, target, key));

            expect(await subject.stored(target)).toEqual(before);
            if (trouble === 'denied') expect(failure).toMatchObject({ reason: 'access-denied' });
            if (trouble === 'throttled' || trouble === 'unavailable') expect(failure).toBeInstanceOf(TransientError);
          });
        }
      }
    }

    if (traits.faults && traits.locates) {
      test('locate says that it does not know, and not that there is no such key', async ({ subject }) => {
        const { faults, provider } = subject;
        const credential = await subject.handMade();

        faults?.always('throttled');

        expect(await subject.failure(provider.locate({ credential }))).toBeInstanceOf(TransientError);
      });
    }

    for (const operation of ['disable', 'enable', 'remove'] as const) {
      if (traits.faults && retirable(traits, operation)) {
        test(`${operation} repeated after a lost answer ends as it should`, async ({ subject }) => {
          const { provider, target, faults } = subject;
          await subject.handMade();
          const disabled = operation === 'enable' || !traits.overlaps;
          const key = await subject.handMade({ mark: subject.ours(), disabled });
          const run = () => provider[operation]({ target, keyId: key.keyId, mark: subject.ours() });

          faults?.loseAnswer(1);
          await subject.attempt(run());
          faults?.calm();
          await run();

          const enabled = (await subject.storedKey(key))?.enabled;
          const isGone = operation === 'remove' || !traits.disabled;
          expect(enabled).toBe(isGone ? undefined : operation === 'enable');
        });
      }
    }
  });
}
