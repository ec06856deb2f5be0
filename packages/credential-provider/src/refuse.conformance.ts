import { expect } from 'vitest';

import { wrongSecret, type Test } from './conformance-subject.ts';
import type { Traits } from './conformance-traits.ts';

export function refusing(test: Test, traits: Traits): void {
  test.describe('ensure refuses', () => {
    if (traits.tellsSecret) {
      test('a key that exists with another secret, and changes nothing', async ({ subject }) => {
        const { provider, target } = subject;
        const existing = await subject.handMade();
        const before = await subject.stored(target);

        const refusal = await subject.refusal(
          provider.ensure(subject.ensureRequest({ credential: wrongSecret(existing) })),
        );

        expect(refusal.reason).toBe('key-conflict');
        expect(await subject.stored(target)).toEqual(before);
      });
    }

    if (!traits.keysByTarget) {
      test('a key of another target', async ({ subject }) => {
        const { provider, otherTarget } = subject;
        const credential = await subject.handMade({ target: otherTarget });
        const before = await subject.stored(otherTarget);

        const refusal = await subject.refusal(provider.ensure(subject.ensureRequest({ credential })));

        expect(refusal.reason).toBe(traits.clientSuppliedKey ? 'key-conflict' : 'key-disabled');
        expect(await subject.stored(otherTarget)).toEqual(before);
      });
    }

    if (traits.mark) {
      test('a key that bears a mark which is not ours, and changes nothing', async ({ subject }) => {
        const { provider, target } = subject;
        for (const mark of subject.foreignMarks.slice(0, subject.maxKeys)) {
          const credential = await subject.handMade({ mark });
          const before = await subject.stored(target);

          const refusal = await subject.refusal(provider.ensure(subject.ensureRequest({ credential })));

          expect(refusal.reason).toBe('key-conflict');
          expect(await subject.stored(target)).toEqual(before);
        }
      });
    }

    if (traits.mark) {
      test('a key of another version of the secret, and changes nothing', async ({ subject }) => {
        const { provider, target } = subject;
        const credential = await subject.handMade({ mark: subject.ours(1) });
        const before = await subject.stored(target);

        const refusal = await subject.refusal(
          provider.ensure(subject.ensureRequest({ credential, mark: subject.ours(2) })),
        );

        expect(refusal.reason).toBe('key-conflict');
        expect(await subject.stored(target)).toEqual(before);
      });
    }

    if (traits.entitlements) {
      test('an entitlement that does not exist', async ({ subject }) => {
        const { provider } = subject;
        const credential = await subject.propose();

        await subject.refusal(provider.ensure(subject.ensureRequest({ credential, entitlements: ['no-such-thing'] })));
      });
    }

    if (traits.disabled) {
      test('to bring back a key that somebody disabled', async ({ subject }) => {
        const { provider } = subject;
        const like = await subject.handMade();
        const credential = await subject.handMade({ mark: subject.ours(2), disabled: true });

        const refusal = await subject.refusal(
          provider.ensure(subject.ensureRequest({ credential, like, mark: subject.ours(2) })),
        );

        expect(refusal.reason).toBe('key-disabled');
        expect(await subject.storedKey(credential)).toMatchObject({ enabled: false });
      });
    }

    if (traits.maxKeys) {
      test('a target that is full', async ({ subject }) => {
        const { provider, target, maxKeys } = subject;
        for (let key = 0; key < (maxKeys ?? 0); key += 1) await subject.handMade();
        const mark = subject.ours();
        const issue = async () => {
          const credential = await subject.propose({ mark });
          await provider.ensure(subject.ensureRequest({ credential, mark }));
        };

        expect((await subject.refusal(issue())).reason).toBe('quota');
        expect(await subject.stored(target)).toHaveLength(maxKeys ?? 0);
      });
    }
  });
}
