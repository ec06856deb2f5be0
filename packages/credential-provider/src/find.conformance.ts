import { expect } from 'vitest';

import { wrongSecret, type Test } from './conformance-subject.ts';
import type { Traits } from './conformance-traits.ts';

export function finding(test: Test, traits: Traits): void {
  test.describe('locate and list', () => {
    if (!traits.locates) {
      test('locate is refused where the provider cannot, rather than find nothing', async ({ subject }) => {
        const refusal = await subject.refusal(subject.provider.locate({ credential: await subject.handMade() }));

        expect(refusal.reason).toBe('unsupported');
      });
    }

    if (traits.locates) {
      test('locate finds the target of a key', async ({ subject }) => {
        const { provider, target, otherTarget } = subject;
        const here = await subject.handMade();
        const there = await subject.handMade({ target: otherTarget });

        expect(await provider.locate({ credential: here })).toEqual({ target });
        expect(await provider.locate({ credential: there })).toEqual({ target: otherTarget });
      });

      test('locate finds nothing for a wrong secret, nor for a key that is gone', async ({ subject }) => {
        const { provider, target } = subject;
        if (traits.overlaps) await subject.handMade();
        const key = await subject.handMade({ mark: subject.ours(), disabled: !traits.overlaps });

        expect(await provider.locate({ credential: wrongSecret(key) })).toBeUndefined();
        await provider.remove({ target, keyId: key.keyId, mark: subject.ours() });
        // Where the use of a key proves it, every node has to know first that it is gone.
        await subject.advance(subject.capabilities.revocationMs);
        expect(await provider.locate({ credential: key })).toBeUndefined();
      });
    }

    if (traits.listOwned) {
      test('list tells every key of the target with state and mark', async ({ subject }) => {
        const { provider, target } = subject;
        expect(await provider.list({ target })).toEqual([]);
        const mark = subject.capabilities.mark ? subject.ours() : undefined;
        const marked = await subject.handMade({ mark: subject.ours() });
        const other = await subject.handMade({ disabled: traits.disabled });
        await subject.handMade({ target: subject.otherTarget });

        const keys = await provider.list({ target });

        const plain = keys.map(({ keyId, state, mark }) => ({ keyId: keyId.reveal(), state, mark }));
        expect(plain).toHaveLength(2);
        expect(plain).toContainEqual({ keyId: marked.keyId.reveal(), state: 'enabled', mark });
        const state = traits.disabled ? 'disabled' : 'enabled';
        expect(plain).toContainEqual({ keyId: other.keyId.reveal(), state, mark: undefined });
      });
    }

    if (!traits.listOwned) {
      test('list is refused where the provider cannot', async ({ subject }) => {
        const refusal = await subject.refusal(subject.provider.list({ target: subject.target }));

        expect(refusal.reason).toBe('unsupported');
      });
    }
  });
}
