import { expect } from 'vitest';

import { idsOf, type Test } from './conformance-subject.ts';
import type { Traits } from './conformance-traits.ts';

export function repeating(test: Test, traits: Traits): void {
  test.describe('ensure, repeated', () => {
    test('twice and three times leaves one key, as it was', async ({ subject }) => {
      const { provider, target } = subject;
      const like = await subject.handMade();
      const credential = await subject.issue({ version: 2, like });
      const once = await subject.stored(target);

      await provider.ensure(subject.ensureRequest({ credential, like, mark: subject.ours(2) }));
      await provider.ensure(subject.ensureRequest({ credential, like, mark: subject.ours(2) }));

      expect(await subject.remaining(target)).toEqual(traits.overlaps ? idsOf(like, credential) : idsOf(credential));
      expect(await subject.stored(target)).toEqual(once);
    });

    test('or interleaved by two callers leaves one key', async ({ subject }) => {
      const { provider, target } = subject;
      const like = await subject.handMade();
      const { entitlements } = await subject.state(like);
      const mark = subject.ours(2);
      const credential = await subject.propose({ mark, like });
      const ensure = () => provider.ensure(subject.ensureRequest({ credential, like, mark }));

      await Promise.all([subject.attempt(ensure()), subject.attempt(ensure())]);

      await ensure();
      expect(await subject.remaining(target)).toEqual(traits.overlaps ? idsOf(like, credential) : idsOf(credential));
      expect(await subject.storedKey(credential)).toMatchObject({ enabled: true });
      expect((await subject.state(credential)).entitlements).toEqual(entitlements);
    });

    for (const fault of ['loseAnswer', 'failBefore'] as const) {
      if (traits.faults) {
        test(`after ${fault} at any of its writes leaves one key, fully entitled`, async ({ subject }) => {
          const { provider, target, faults } = subject;
          let like = await subject.handMade();
          const before = await subject.storedKey(like);
          for (let nth = 1; nth <= 6; nth += 1) {
            const mark = subject.ours(nth + 1);
            const credential = await subject.propose({ mark, like });
            const ensure = () => provider.ensure(subject.ensureRequest({ credential, like, mark }));
            faults?.[fault](nth);
            await subject.attempt(ensure());
            faults?.calm();

            await ensure();

            const expected = traits.overlaps ? idsOf(like, credential) : idsOf(credential);
            expect(await subject.remaining(target)).toEqual(expected);
            expect((await subject.storedKey(credential))?.rest).toEqual(before?.rest);
            if (traits.overlaps) await provider.remove({ target, keyId: credential.keyId, mark });
            else like = credential;
          }
        });
      }
    }
  });
}
