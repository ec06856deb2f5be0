import { expect } from 'vitest';

import type { Test } from './conformance-subject.ts';
import type { Traits } from './conformance-traits.ts';

export function retiring(test: Test, traits: Traits): void {
  test.describe('disable, enable and remove', () => {
    test('repeated twice and three times are the same as once, and keep everything else', async ({ subject }) => {
      const { provider, target, capabilities } = subject;
      await subject.handMade();
      const key = await subject.handMade({ mark: subject.ours(), disabled: !traits.overlaps });
      const request = { target, keyId: key.keyId, mark: subject.ours() };
      const before = await subject.storedKey(key);

      for (let time = 1; time <= 3; time += 1) {
        await provider.disable(request);
        expect(await subject.storedKey(key)).toEqual(traits.disabled ? { ...before, enabled: false } : undefined);
      }
      for (let time = 1; time <= 3 && capabilities.reversibleDisable; time += 1) {
        await provider.enable(request);
        expect(await subject.storedKey(key)).toEqual(before);
      }
      for (let time = 1; time <= 3; time += 1) {
        await provider.remove(request);
        expect(await subject.storedKey(key)).toBeUndefined();
      }
    });

    test('disable finds a key that is gone disabled, enable cannot bring it back', async ({ subject }) => {
      const { provider, target, capabilities } = subject;
      await subject.handMade();
      const { keyId } = await subject.handMade({ mark: subject.ours(), disabled: !traits.overlaps });
      await provider.remove({ target, keyId, mark: subject.ours() });

      await provider.disable({ target, keyId, mark: subject.ours() });

      const refusal = await subject.refusal(provider.enable({ target, keyId, mark: subject.ours() }));
      expect(refusal.reason).toBe(capabilities.reversibleDisable ? 'not-yours' : 'unsupported');
      expect(await subject.stored(target)).toHaveLength(1);
    });

    if (!traits.reversibleDisable) {
      test('enable is refused where disabling is final', async ({ subject }) => {
        const { provider, target } = subject;
        const key = await subject.handMade({ mark: subject.ours(), disabled: traits.disabled });
        const before = await subject.storedKey(key);

        const refusal = await subject.refusal(provider.enable({ target, keyId: key.keyId, mark: subject.ours() }));

        expect(refusal.reason).toBe('unsupported');
        expect(await subject.storedKey(key)).toEqual(before);
      });
    }

    test('touch the keys of any version of the same secret', async ({ subject }) => {
      const { provider, target } = subject;
      await subject.handMade();
      const key = await subject.handMade({ mark: subject.ours(1), disabled: !traits.overlaps });

      await provider.disable({ target, keyId: key.keyId, mark: subject.ours(2) });
      await provider.remove({ target, keyId: key.keyId, mark: subject.ours(3) });

      expect(await subject.storedKey(key)).toBeUndefined();
    });

    for (const operation of ['disable', 'enable', 'remove'] as const) {
      if (traits.mark && (operation !== 'enable' || traits.reversibleDisable)) {
        test(`${operation} refuses a key that does not bear this secret's mark`, async ({ subject }) => {
          const { provider, target } = subject;
          for (const mark of [undefined, ...subject.foreignMarks].slice(0, (subject.maxKeys ?? 9) - 1)) {
            const state = { disabled: operation === 'enable' };
            const { keyId } = await subject.handMade(mark === undefined ? state : { ...state, mark });
            await subject.handMade({ target: subject.otherTarget });
            const before = await subject.stored(target);

            const refusal = await subject.refusal(provider[operation]({ target, keyId, mark: subject.ours() }));

            expect(refusal.reason).toBe('not-yours');
            expect(await subject.stored(target)).toEqual(before);
          }
        });
      }
    }

    test('remove leaves a key of another target alone', async ({ subject }) => {
      const { provider, target, otherTarget } = subject;
      await subject.handMade({ target: otherTarget });
      const elsewhere = await subject.handMade({ target: otherTarget, mark: subject.ours() });
      const before = await subject.stored(otherTarget);

      await provider.remove({ target, keyId: elsewhere.keyId, mark: subject.ours() });

      expect(await subject.stored(otherTarget)).toEqual(before);
    });
  });
}

const others = ['no other key', 'a disabled one', 'an expired one', 'one entitled to nothing'] as const;

function otherIsKnown(other: (typeof others)[number], traits: Traits): boolean {
  if (other === 'a disabled one') return traits.disabled;
  if (other === 'an expired one') return traits.expired;
  // Without overlap one that works, though it may do nothing, replaces the key.
  return other === 'no other key' || (traits.entitlements && traits.overlaps);
}

export function sparing(test: Test, traits: Traits): void {
  test.describe('the last usable key', () => {
    for (const operation of ['disable', 'remove'] as const) {
      for (const other of others) {
        if (otherIsKnown(other, traits)) {
          test(`is refused to ${operation} beside ${other}`, async ({ subject }) => {
            const { provider, target } = subject;
            const { keyId } = await subject.handMade({ mark: subject.ours() });
            if (other === 'a disabled one') await subject.handMade({ disabled: true });
            if (other === 'an expired one') await subject.handMade({ expired: true });
            if (other === 'one entitled to nothing') await subject.handMade({ entitlements: [] });
            const before = await subject.stored(target);

            const refusal = await subject.refusal(provider[operation]({ target, keyId, mark: subject.ours() }));

            expect(refusal.reason).toBe('last-key');
            expect(await subject.stored(target)).toEqual(before);
          });
        }
      }
    }

    if (traits.disabled) {
      test('is not one that is disabled: that may be removed', async ({ subject }) => {
        const { provider, target } = subject;
        const { keyId } = await subject.handMade({ mark: subject.ours(), disabled: true });

        await provider.remove({ target, keyId, mark: subject.ours() });

        expect(await subject.stored(target)).toEqual([]);
      });
    }

    if (traits.entitlements) {
      test('is not one that nobody could use: a leftover of a first issue may be removed', async ({ subject }) => {
        const { provider, target } = subject;
        const { keyId } = await subject.handMade({ mark: subject.ours(), entitlements: [] });

        await provider.disable({ target, keyId, mark: subject.ours() });
        await provider.remove({ target, keyId, mark: subject.ours() });

        expect(await subject.stored(target)).toEqual([]);
      });
    }
  });
}
