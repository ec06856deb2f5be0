import { TransientError } from '@keyturn/rotation/errors';
import { expect } from 'vitest';

import type { Subject, Test } from './conformance-subject.ts';

/** Where the next key ends the one before, and neither bears a mark. */
export function replacing(test: Test): void {
  test.describe('propose, where the next key ends the current one', () => {
    test('gives one that is entitled as the old one was; the old one is over, and nobody else is touched', async ({
      subject,
    }) => {
      const { target, otherTarget } = subject;
      const [first] = subject.entitlements;
      const like = await subject.handMade({ entitlements: first === undefined ? [] : [first] });
      const elsewhere = await subject.handMade({ target: otherTarget });
      const before = await subject.stored(otherTarget);
      const { rest } = (await subject.storedKey(like)) ?? {};

      const next = await subject.propose({ mark: subject.ours(2), like });

      expect(await enabledKeys(subject)).toEqual([next.keyId.reveal()]);
      expect((await subject.storedKey(next))?.rest).toEqual(rest);
      expect(next.secret.reveal()).not.toBe(like.secret.reveal());
      expect(await subject.stored(otherTarget)).toEqual(before);
      expect((await subject.look(elsewhere)).key.state).toBe('absent');
      expect(target).not.toBe(otherTarget);
    });

    test('leaves the key of somebody else in the same target alone', async ({ subject }) => {
      const like = await subject.handMade();
      const another = await subject.handMade();
      const before = await subject.storedKey(another);

      await subject.propose({ mark: subject.ours(2), like });

      expect(await subject.storedKey(another)).toEqual(before);
    });

    test('does not imitate a key of another target', async ({ subject }) => {
      await subject.handMade();
      const like = await subject.handMade({ target: subject.otherTarget });
      await subject.handMade();
      const before = await subject.stored(subject.target);

      await subject.refusal(subject.propose({ like }));

      expect(await subject.stored(subject.target)).toEqual(before);
    });

    test('then ensure has nothing to do, however often', async ({ subject }) => {
      const { provider, target } = subject;
      const like = await subject.handMade();
      const credential = await subject.propose({ mark: subject.ours(2), like });
      const once = await subject.stored(target);

      for (let time = 1; time <= 3; time += 1) {
        await provider.ensure(subject.ensureRequest({ credential, like, mark: subject.ours(2) }));
      }

      expect((await subject.stored(target)).filter(({ enabled }) => enabled)).toHaveLength(1);
      expect(await subject.stored(target)).toEqual(once);
    });

    test('all nodes accept the new one after propagationMs, and refuse the old one after revocationMs', async ({
      subject,
    }) => {
      const { propagationMs, revocationMs } = subject.capabilities;
      const like = await subject.handMade();

      const next = await subject.propose({ mark: subject.ours(2), like });
      await subject.advance(Math.max(propagationMs, revocationMs));

      expect(await subject.outcomes(next)).toEqual(['accepted']);
      expect(await subject.outcomes(like)).toEqual(['rejected']);
    });

    test('ensure takes nothing from it, whatever a first key would get', async ({ subject }) => {
      const like = await subject.handMade();
      const next = await subject.propose({ mark: subject.ours(2), like });
      const made = (await subject.state(next)).entitlements;

      await subject.provider.ensure(
        subject.ensureRequest({ credential: next, like, entitlements: [], mark: subject.ours(2) }),
      );

      expect((await subject.state(next)).entitlements).toEqual(made);
    });

    test('repeated after a lost answer gives a key that works, and is the only one', async ({ subject }) => {
      const like = await subject.handMade();
      subject.faults?.loseAnswer(1);
      await subject.attempt(subject.propose({ mark: subject.ours(2), like }));
      subject.faults?.calm();

      const next = await subject.propose({ mark: subject.ours(2), like });
      await subject.advance(subject.capabilities.propagationMs);

      expect(await enabledKeys(subject)).toEqual([next.keyId.reveal()]);
      expect(await subject.outcomes(next)).toEqual(['accepted']);
    });

    test('after an outage before it had an effect the old key is there still', async ({ subject }) => {
      const like = await subject.handMade();
      subject.faults?.failBefore(1);

      const failure = await subject.failure(subject.propose({ mark: subject.ours(2), like }));

      expect(failure).toBeInstanceOf(TransientError);
      expect(await enabledKeys(subject)).toEqual([like.keyId.reveal()]);
    });
  });
}

async function enabledKeys(subject: Subject): Promise<readonly string[]> {
  return (await subject.stored(subject.target)).filter(({ enabled }) => enabled).map(({ keyId }) => keyId);
}
