import { expect } from 'vitest';

import { idsOf, type Test } from './conformance-subject.ts';
import type { Traits } from './conformance-traits.ts';

export function proposing(test: Test, traits: Traits): void {
  test.describe('propose', () => {
    if (traits.clientSuppliedKey) {
      test('where we choose the key: the provider hears nothing of it', async ({ subject }) => {
        const { target } = subject;
        const like = await subject.handMade();
        const before = await subject.stored(target);

        const proposed = await subject.propose({ like });

        expect(await subject.stored(target)).toEqual(before);
        expect((await subject.look(proposed)).key.state).toBe('absent');
      });
    }

    if (traits.clientSuppliedKey && traits.faults) {
      test('where we choose the key: works while the provider does not', async ({ subject }) => {
        subject.faults?.always('unavailable');

        const proposed = await subject.propose();

        subject.faults?.calm();
        expect((await subject.look(proposed)).key.state).toBe('absent');
      });
    }

    if (!traits.clientSuppliedKey) {
      test('where the provider chooses: the key exists and bears the mark', async ({ subject }) => {
        const proposed = await subject.propose();

        expect(subject.capabilities.mark).toBe(true);
        expect(subject.capabilities.listOwned).toBe(true);
        expect(await subject.storedKey(proposed)).toMatchObject({ mark: subject.ours() });
      });

      test('where the provider chooses: asked again it leaves one key', async ({ subject }) => {
        const { target } = subject;
        const like = await subject.handMade();
        await subject.propose({ like });
        await subject.propose({ like });

        const proposed = await subject.propose({ like });

        const expected = traits.overlaps ? idsOf(like, proposed) : idsOf(proposed);
        expect(await subject.remaining(target)).toEqual(expected);
      });
    }

    if (!traits.clientSuppliedKey) {
      sparingUsed(test, traits);

      test('where the provider chooses: the key may do no more than the one it is made like', async ({ subject }) => {
        const [first] = subject.entitlements;
        const like = await subject.handMade({ entitlements: first === undefined ? [] : [first] });
        const allowed = (await subject.state(like)).entitlements;

        const proposed = await subject.propose({ like });

        expect(allowed).toEqual(expect.arrayContaining([...(await subject.state(proposed)).entitlements]));
      });

      test('where the provider chooses: a key of another target is not imitated', async ({ subject }) => {
        const like = await subject.handMade({ target: subject.otherTarget });

        const refusal = await subject.refusal(subject.propose({ like }));

        expect(refusal.reason).toBe('not-yours');
        expect(await subject.stored(subject.target)).toEqual([]);
      });
    }

    if (!traits.clientSuppliedKey && traits.faults) {
      test('where the provider chooses: a lost answer leaves no second key', async ({ subject }) => {
        const { target, faults } = subject;
        for (const nth of [1, 2]) {
          faults?.loseAnswer(nth);
          await subject.attempt(subject.propose());
          faults?.calm();

          const proposed = await subject.propose();

          expect(await subject.remaining(target)).toEqual(idsOf(proposed));
        }
      });

      test('where the provider chooses: an outage at any of its writes leaves no second key', async ({ subject }) => {
        const { target, faults } = subject;
        const like = await subject.handMade();
        for (const nth of [1, 2, 3]) {
          faults?.failBefore(nth);
          await subject.attempt(subject.propose({ like }));
          faults?.calm();

          const proposed = await subject.propose({ like });

          const expected = traits.overlaps ? idsOf(like, proposed) : idsOf(proposed);
          expect(await subject.remaining(target)).toEqual(expected);
        }
      });
    }

    if (!traits.clientSuppliedKey && traits.faults && traits.overlap === 'multi') {
      test('where the provider chooses: what a person made in the meantime is no leftover', async ({ subject }) => {
        const { faults } = subject;
        const like = await subject.handMade();
        faults?.failBefore(2);
        await subject.attempt(subject.propose({ like }));
        faults?.calm();
        const byAPerson = await subject.handMade();
        const before = await subject.storedKey(byAPerson);

        await Promise.allSettled([subject.propose({ like })]);

        expect(await subject.storedKey(byAPerson)).toEqual(before);
        expect(await subject.storedKey(like)).toBeDefined();
      });
    }

    if (!traits.overlaps) {
      test('without overlap: what an abandoned rotation made tells what the next key may do', async ({ subject }) => {
        const { provider, target } = subject;
        const [first] = subject.entitlements;
        const like = await subject.handMade({ entitlements: first === undefined ? [] : [first] });
        const { entitlements } = await subject.state(like);
        await subject.issue({ version: 2, like });

        const issued = await subject.propose({ mark: subject.ours(3), like });
        await provider.ensure(subject.ensureRequest({ credential: issued, like, mark: subject.ours(3) }));

        expect(await subject.remaining(target)).toEqual(idsOf(issued));
        expect((await subject.state(issued)).entitlements).toEqual(entitlements);
      });
    }

    test('differs each time, in key and in secret', async ({ subject }) => {
      const first = await subject.propose({ mark: subject.ours(1) });
      const second = await subject.propose({ mark: subject.ours(2) });

      const texts = [first.keyId, first.secret, second.keyId, second.secret].map((text) => text.reveal());
      expect(new Set(texts).size).toBe(4);
      // Who counts its keys makes ids that are short.
      const long = traits.clientSuppliedKey ? texts : [first, second].map(({ secret }) => secret.reveal());
      expect(Math.min(...long.map((text) => text.length))).toBeGreaterThanOrEqual(16);
    });
  });
}

function sparingUsed(test: Test, traits: Traits): void {
  if (!traits.marksLater) {
    test('where the provider chooses, and marks once: a key that may be in use by now is not touched', async ({
      subject,
    }) => {
      const like = await subject.handMade();
      const issued = await subject.issue({ version: 2, like });
      await subject.advance(subject.capabilities.propagationMs);

      await subject.failure(subject.propose({ mark: subject.ours(2), like }));

      expect(await subject.storedKey(issued)).toMatchObject({ enabled: true, mark: subject.ours(2) });
    });
  }

  if (traits.marksLater) {
    test('where the provider chooses: a key that may be in use is no leftover', async ({ subject }) => {
      const like = await subject.handMade();
      const issued = await subject.issue({ version: 2, like });

      const refusal = await subject.refusal(subject.propose({ mark: subject.ours(2), like }));

      expect(refusal.reason).toBe('key-conflict');
      expect(await subject.storedKey(issued)).toMatchObject({ enabled: true, mark: subject.ours(2) });
    });
  }
}
