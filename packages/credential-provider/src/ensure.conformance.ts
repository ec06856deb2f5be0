import { expect } from 'vitest';

import type { Test } from './conformance-subject.ts';
import type { Traits } from './conformance-traits.ts';

export function ensuring(test: Test, traits: Traits): void {
  test.describe('ensure', () => {
    test('makes a key that is entitled like the old one, and leaves the old one alone', async ({ subject }) => {
      const [first] = subject.entitlements;
      const old = await subject.handMade({ entitlements: first === undefined ? [] : [first] });
      const before = await subject.storedKey(old);
      const { entitlements } = await subject.state(old);

      const issued = await subject.issue({ version: 2, like: old });

      expect((await subject.state(issued)).entitlements).toEqual(entitlements);
      expect((await subject.storedKey(issued))?.rest).toEqual(before?.rest);
      if (traits.overlaps) expect(await subject.storedKey(old)).toEqual(before);
    });

    if (traits.entitlements) {
      test('entitles as the policy says where there is no old key', async ({ subject }) => {
        const { provider, entitlements } = subject;
        const [first = ''] = entitlements;
        const credential = await subject.propose({ entitlements: [first] });

        await provider.ensure(subject.ensureRequest({ credential, entitlements: [first] }));

        const issued = (await subject.state(credential)).entitlements;
        const made = await subject.handMade({ entitlements: [first] });
        expect(issued).toEqual((await subject.state(made)).entitlements);
      });
    }

    if (traits.entitlesLater && traits.entitlements && traits.overlap === 'multi') {
      test('follows an old key that got more in the meantime', async ({ subject }) => {
        const { provider, entitlements } = subject;
        const poor = await subject.handMade({ entitlements: entitlements.slice(0, 1) });
        const rich = await subject.handMade();
        const credential = await subject.issue({ version: 2, like: poor });

        await provider.ensure(subject.ensureRequest({ credential, like: rich, mark: subject.ours(2) }));

        expect((await subject.state(credential)).entitlements).toEqual((await subject.state(rich)).entitlements);
      });

      test('follows an old key that got less in the meantime, or refuses to', async ({ subject }) => {
        const { provider, entitlements } = subject;
        const rich = await subject.handMade();
        const poor = await subject.handMade({ entitlements: entitlements.slice(0, 1) });
        const credential = await subject.issue({ version: 2, like: rich });

        const asked = provider.ensure(subject.ensureRequest({ credential, like: poor, mark: subject.ours(2) }));
        const outcome: unknown = await asked.catch((error: unknown) => error);

        if (outcome === undefined) {
          expect((await subject.state(credential)).entitlements).toEqual((await subject.state(poor)).entitlements);
        } else {
          expect(outcome).toMatchObject({ reason: 'entitlements-differ', field: 'entitlements' });
        }
      });
    }

    for (const approve of [true, false]) {
      if (traits.manualEntitlement) {
        test(`${approve ? 'approves' : 'leaves alone'} what the provider leaves pending, as told`, async ({
          subject,
        }) => {
          const { manualEntitlement, entitlements } = subject;
          const old = await subject.handMade({ entitlements: [...entitlements, manualEntitlement ?? ''].sort() });
          const wanted = JSON.stringify((await subject.state(old)).entitlements);

          const issued = await subject.issue({ version: 2, like: old, approve });

          expect(JSON.stringify((await subject.state(issued)).entitlements) === wanted).toBe(approve);
        });
      }
    }

    if (traits.mark) {
      test('writes our mark, and never copies that of the old key', async ({ subject }) => {
        const old = await subject.handMade({ mark: subject.ours(1) });

        const issued = await subject.issue({ version: 2, like: old });

        expect((await subject.state(issued)).mark).toBe(subject.ours(2));
        expect(await subject.storedKey(issued)).toMatchObject({ mark: subject.ours(2) });
        if (traits.overlaps) expect(await subject.storedKey(old)).toMatchObject({ mark: subject.ours(1) });
      });
    }

    if (traits.marksLater) {
      test('marks a hand-made key whose secret we hold, and keeps everything else', async ({ subject }) => {
        const { provider } = subject;
        const credential = await subject.handMade();
        const before = await subject.storedKey(credential);

        await provider.ensure(subject.ensureRequest({ credential }));

        expect(await subject.storedKey(credential)).toEqual({ ...before, mark: subject.ours() });
      });
    }

    if (!traits.expiryOnCreate) {
      test('issues keys that never expire: a rotation that is late must not become an outage', async ({ subject }) => {
        const issued = await subject.issue({ version: 2, like: await subject.handMade() });

        expect(await subject.storedKey(issued)).toMatchObject({ expiresAt: undefined, enabled: true });
      });
    }

    if (traits.expiryOnCreate) {
      test('issues keys that expire, as it says, and not at once', async ({ subject }) => {
        const issued = await subject.issue({ version: 2, like: await subject.handMade() });
        const expiresAt = (await subject.storedKey(issued))?.expiresAt ?? 0;
        const { issuedAt } = await subject.state(issued);

        expect(issuedAt, 'how old a key is has to be known where it expires').toBeDefined();
        expect(expiresAt).toBeGreaterThan(issuedAt ?? Infinity);
        expect((await subject.state(issued)).state).toBe('enabled');
      });
    }
  });
}
