import { describe, expect } from 'vitest';

import type { Test } from './conformance-subject.ts';
import type { Traits } from './conformance-traits.ts';

export function proposing(test: Test, traits: Traits): void {
  describe('propose', () => {
    if (traits.clientSuppliedKey) {
      test('where we choose the key: the provider hears nothing of it', async ({ subject }) => {
        const { provider, target } = subject;
        await subject.handMade();
        const before = await subject.stored(target);

        const proposed = await provider.propose({ target, mark: subject.ours() });

        expect(await subject.stored(target)).toEqual(before);
        expect((await subject.look(proposed)).key.state).toBe('absent');
      });
    }

    if (traits.clientSuppliedKey && traits.faults) {
      test('where we choose the key: works while the provider does not', async ({ subject }) => {
        subject.faults?.always('unavailable');

        const proposed = await subject.provider.propose({ target: subject.target, mark: subject.ours() });

        subject.faults?.calm();
        expect((await subject.look(proposed)).key.state).toBe('absent');
      });
    }

    if (!traits.clientSuppliedKey) {
      test('where the provider chooses: the key exists and bears the mark', async ({ subject }) => {
        const { provider, target } = subject;

        const proposed = await provider.propose({ target, mark: subject.ours() });

        expect(subject.capabilities.mark).toBe(true);
        expect(subject.capabilities.listOwned).toBe(true);
        expect(await subject.storedKey(proposed)).toMatchObject({ mark: subject.ours() });
      });

      test('where the provider chooses: asked again it removes the leftover', async ({ subject }) => {
        const { provider, target } = subject;
        const old = await subject.handMade();
        await provider.propose({ target, mark: subject.ours(1) });
        await provider.propose({ target, mark: subject.ours(1) });

        const proposed = await provider.propose({ target, mark: subject.ours(1) });

        const ids = (await subject.stored(target)).map(({ keyId }) => keyId);
        expect(ids.sort()).toEqual([old.keyId.reveal(), proposed.keyId.reveal()].sort());
      });
    }

    if (!traits.clientSuppliedKey && traits.faults) {
      test('where the provider chooses: a lost answer leaves no second key', async ({ subject }) => {
        const { provider, target, faults } = subject;
        for (const nth of [1, 2]) {
          faults?.loseAnswer(nth);
          await subject.attempt(provider.propose({ target, mark: subject.ours() }));
          faults?.calm();

          const proposed = await provider.propose({ target, mark: subject.ours() });

          const ids = (await subject.stored(target)).map(({ keyId }) => keyId);
          expect(ids).toEqual([proposed.keyId.reveal()]);
        }
      });
    }

    test('differs each time, in key and in secret', async ({ subject }) => {
      const { provider, target } = subject;

      const first = await provider.propose({ target, mark: subject.ours(1) });
      const second = await provider.propose({ target, mark: subject.ours(2) });

      const texts = [first.keyId, first.secret, second.keyId, second.secret].map((text) => text.reveal());
      expect(new Set(texts).size).toBe(4);
      expect(Math.min(...texts.map((text) => text.length))).toBeGreaterThanOrEqual(16);
    });
  });
}
