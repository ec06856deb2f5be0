import { describe, expect } from 'vitest';

import { wrongSecret, type Test, type Traits } from './conformance-subject.ts';

export function ensuring(test: Test, traits: Traits): void {
  describe('ensure', () => {
    test('makes a key that is entitled like the old one, and leaves the old one alone', async ({ subject }) => {
      const [first] = subject.entitlements;
      const old = await subject.handMade({ entitlements: first === undefined ? [] : [first] });
      const before = await subject.storedKey(old);

      const issued = await subject.issue({ version: 2, like: old });

      expect((await subject.state(issued)).entitlements).toEqual((await subject.state(old)).entitlements);
      expect((await subject.storedKey(issued))?.rest).toEqual(before?.rest);
      expect(await subject.storedKey(old)).toEqual(before);
    });

    if (traits.entitlements) {
      test('entitles as the policy says where there is no old key', async ({ subject }) => {
        const { provider, target, entitlements } = subject;
        const [first = ''] = entitlements;
        const credential = await provider.propose({ target, mark: subject.ours() });

        await provider.ensure(subject.ensureRequest({ credential, entitlements: [first] }));

        const issued = (await subject.state(credential)).entitlements;
        const made = await subject.handMade({ entitlements: [first] });
        expect(issued).toEqual((await subject.state(made)).entitlements);
      });
    }

    if (traits.entitlements && traits.overlap === 'multi') {
      test('follows an old key that got more in the meantime', async ({ subject }) => {
        const { provider, entitlements } = subject;
        const poor = await subject.handMade({ entitlements: entitlements.slice(0, 1) });
        const rich = await subject.handMade();
        const credential = await subject.issue({ version: 2, like: poor });

        await provider.ensure(subject.ensureRequest({ credential, like: rich, mark: subject.ours(2) }));

        expect((await subject.state(credential)).entitlements).toEqual((await subject.state(rich)).entitlements);
      });
    }

    if (traits.entitlements) {
      test('refuses an entitlement that does not exist', async ({ subject }) => {
        const { provider, target } = subject;
        const credential = await provider.propose({ target, mark: subject.ours() });

        await subject.refusal(provider.ensure(subject.ensureRequest({ credential, entitlements: ['no-such-thing'] })));
      });
    }

    for (const approve of [true, false]) {
      if (traits.manualEntitlement) {
        test(`${approve ? 'approves' : 'leaves alone'} what the provider leaves pending, as told`, async ({
          subject,
        }) => {
          const { manualEntitlement, entitlements } = subject;
          const old = await subject.handMade({ entitlements: [...entitlements, manualEntitlement ?? ''].sort() });

          const issued = await subject.issue({ version: 2, like: old, approve });

          const same = JSON.stringify((await subject.state(issued)).entitlements);
          expect(same === JSON.stringify((await subject.state(old)).entitlements)).toBe(approve);
        });
      }
    }

    if (traits.mark) {
      test('writes our mark, and never copies that of the old key', async ({ subject }) => {
        const old = await subject.handMade({ mark: subject.ours(1) });

        const issued = await subject.issue({ version: 2, like: old });

        expect((await subject.state(issued)).mark).toBe(subject.ours(2));
        expect(await subject.storedKey(issued)).toMatchObject({ mark: subject.ours(2) });
        expect(await subject.storedKey(old)).toMatchObject({ mark: subject.ours(1) });
      });
    }

    test('issues keys that never expire: a rotation that is late must not become an outage', async ({ subject }) => {
      const issued = await subject.issue({ version: 2, like: await subject.handMade() });

      expect(await subject.storedKey(issued)).toMatchObject({ expiresAt: undefined, enabled: true });
    });

    test('repeated twice and three times leaves one key, as it was', async ({ subject }) => {
      const { provider, target } = subject;
      const like = await subject.handMade();
      const credential = await subject.issue({ version: 2, like });
      const once = await subject.stored(target);

      await provider.ensure(subject.ensureRequest({ credential, like, mark: subject.ours(2) }));
      await provider.ensure(subject.ensureRequest({ credential, like, mark: subject.ours(2) }));

      expect(once).toHaveLength(2);
      expect(await subject.stored(target)).toEqual(once);
    });

    test('interleaved by two callers leaves one key', async ({ subject }) => {
      const { provider, target } = subject;
      const like = await subject.handMade();
      const mark = subject.ours(2);
      const credential = await provider.propose({ target, mark });
      const ensure = () => provider.ensure(subject.ensureRequest({ credential, like, mark }));

      const both = await Promise.allSettled([ensure(), ensure()]);

      for (const one of both) if (one.status === 'rejected') await subject.failure(Promise.reject(one.reason));
      await ensure();
      expect(await subject.stored(target)).toHaveLength(2);
      expect(await subject.storedKey(credential)).toMatchObject({ enabled: true });
      expect((await subject.state(credential)).entitlements).toEqual((await subject.state(like)).entitlements);
    });

    for (const fault of ['loseAnswer', 'failBefore'] as const) {
      if (traits.faults) {
        test(`repeated after ${fault} at any of its writes leaves one key, fully entitled`, async ({ subject }) => {
          const { provider, target, faults } = subject;
          const like = await subject.handMade();
          for (let nth = 1; nth <= 6; nth += 1) {
            const mark = subject.ours(nth + 1);
            const credential = await provider.propose({ target, mark });
            const ensure = () => provider.ensure(subject.ensureRequest({ credential, like, mark }));
            faults?.[fault](nth);
            await ensure().catch((error: unknown) => subject.failure(Promise.reject(error)));
            faults?.calm();

            await ensure();

            const ids = (await subject.stored(target)).map(({ keyId }) => keyId);
            expect(ids.sort()).toEqual([like.keyId.reveal(), credential.keyId.reveal()].sort());
            expect((await subject.storedKey(credential))?.rest).toEqual((await subject.storedKey(like))?.rest);
            await provider.remove({ target, keyId: credential.keyId, mark });
          }
        });
      }
    }

    if (traits.tellsSecret) {
      test('refuses a key that exists with another secret, and changes nothing', async ({ subject }) => {
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

    test('refuses a key of another target', async ({ subject }) => {
      const { provider, otherTarget } = subject;
      const credential = await subject.handMade({ target: otherTarget });
      const before = await subject.stored(otherTarget);

      const refusal = await subject.refusal(provider.ensure(subject.ensureRequest({ credential })));

      expect(refusal.reason).toMatch(/^(key-conflict|unsupported|key-disabled)$/);
      expect(await subject.stored(otherTarget)).toEqual(before);
    });

    if (traits.mark) {
      test('refuses a key that bears a mark which is not ours, and changes nothing', async ({ subject }) => {
        const { provider, target } = subject;
        for (const mark of subject.foreignMarks.slice(0, subject.maxKeys)) {
          const credential = await subject.handMade({ mark });
          const before = await subject.stored(target);

          const refusal = await subject.refusal(provider.ensure(subject.ensureRequest({ credential })));

          expect(refusal.reason).toBe('key-conflict');
          expect(await subject.stored(target)).toEqual(before);
        }
      });

      test('marks a hand-made key whose secret we hold, and keeps everything else', async ({ subject }) => {
        const { provider } = subject;
        const credential = await subject.handMade();
        const before = await subject.storedKey(credential);

        await provider.ensure(subject.ensureRequest({ credential }));

        expect(await subject.storedKey(credential)).toEqual({ ...before, mark: subject.ours() });
      });
    }

    test('does not bring back a key that somebody disabled', async ({ subject }) => {
      const { provider } = subject;
      const like = await subject.handMade();
      const credential = await subject.handMade({ mark: subject.ours(2), disabled: true });

      const refusal = await subject.refusal(
        provider.ensure(subject.ensureRequest({ credential, like, mark: subject.ours(2) })),
      );

      expect(refusal.reason).toBe('key-disabled');
      expect(await subject.storedKey(credential)).toMatchObject({ enabled: false });
    });

    if (traits.maxKeys) {
      test('tells that the target is full', async ({ subject }) => {
        const { provider, target, maxKeys } = subject;
        for (let key = 0; key < (maxKeys ?? 0); key += 1) await subject.handMade();
        const mark = subject.ours();
        const issue = async () => {
          const credential = await provider.propose({ target, mark });
          await provider.ensure(subject.ensureRequest({ credential, mark }));
        };

        expect((await subject.refusal(issue())).reason).toBe('quota');
        expect(await subject.stored(target)).toHaveLength(maxKeys ?? 0);
      });
    }
  });
}
