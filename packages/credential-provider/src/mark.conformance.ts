import { expect } from 'vitest';

import type { Test } from './conformance-subject.ts';
import type { Traits } from './conformance-traits.ts';

export function marking(test: Test, traits: Traits): void {
  test.describe('mark', () => {
    if (!traits.marksLater) {
      test('is refused where keys bear no mark, or that of their making alone', async ({ subject }) => {
        const { keyId } = await subject.handMade();

        const refusal = await subject.refusal(
          subject.provider.mark({ target: subject.target, keyId, mark: subject.ours() }),
        );

        expect(refusal.reason).toBe('unsupported');
      });
    }

    if (traits.marksLater) {
      test('writes our mark on a hand-made key and keeps everything else, also when repeated', async ({ subject }) => {
        const { provider, target } = subject;
        const made = await subject.handMade();
        const before = await subject.storedKey(made);

        for (let time = 1; time <= 3; time += 1) {
          await provider.mark({ target, keyId: made.keyId, mark: subject.ours() });

          expect(await subject.storedKey(made)).toEqual({ ...before, mark: subject.ours() });
        }
        expect((await subject.state(made)).mark).toBe(subject.ours());
      });

      test('takes over from another version of the same secret', async ({ subject }) => {
        const made = await subject.handMade({ mark: subject.ours(1) });

        await subject.provider.mark({ target: subject.target, keyId: made.keyId, mark: subject.ours(2) });

        expect(await subject.storedKey(made)).toMatchObject({ mark: subject.ours(2) });
      });

      test('never takes a key from another secret, another installation or a stranger', async ({ subject }) => {
        const { provider, target } = subject;
        for (const mark of subject.foreignMarks.slice(0, subject.maxKeys)) {
          const { keyId } = await subject.handMade({ mark });
          const before = await subject.stored(target);

          const refusal = await subject.refusal(provider.mark({ target, keyId, mark: subject.ours() }));

          expect(refusal.reason).toBe('not-yours');
          expect(await subject.stored(target)).toEqual(before);
        }
      });

      test('refuses a key that the target does not have', async ({ subject }) => {
        const { keyId } = await subject.handMade({ target: subject.otherTarget });

        const refusal = await subject.refusal(
          subject.provider.mark({ target: subject.target, keyId, mark: subject.ours() }),
        );

        expect(refusal.reason).toBe('not-yours');
      });
    }
  });
}
