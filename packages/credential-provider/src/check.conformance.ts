import { expect } from 'vitest';

import { wrongSecret, type Test } from './conformance-subject.ts';
import type { Traits } from './conformance-traits.ts';

const minuteMs = 60_000;

export function checking(test: Test, traits: Traits): void {
  test.describe('check', () => {
    test('tells an absent and an enabled key', async ({ subject }) => {
      const elsewhere = await subject.handMade({ target: subject.otherTarget });

      expect((await subject.look(elsewhere)).key).toEqual({ state: 'absent' });
      expect((await subject.state(await subject.handMade())).state).toBe('enabled');
    });

    if (traits.disabled) {
      test('tells a disabled key', async ({ subject }) => {
        expect((await subject.state(await subject.handMade({ disabled: true }))).state).toBe('disabled');
      });
    }

    if (traits.expired) {
      test('tells an expired key', async ({ subject }) => {
        expect((await subject.state(await subject.handMade({ expired: true }))).state).toBe('unusable');
      });
    }

    if (traits.switchOff) {
      test('tells that a key cannot be used because its target is switched off', async ({ subject }) => {
        const key = await subject.handMade();

        await subject.switchOff?.();

        expect((await subject.state(key)).state).toBe('unusable');
        await subject.advance(subject.capabilities.revocationMs);
        expect(await subject.outcomes(key)).toEqual(['rejected']);
      });
    }

    test('compares the secret, or says that it cannot', async ({ subject }) => {
      const key = await subject.handMade();

      const right = await subject.state(key);
      const wrong = await subject.state(wrongSecret(key));

      expect(right.secretMatches).toBe(subject.tellsSecret ? true : undefined);
      expect(wrong.secretMatches).toBe(subject.tellsSecret ? false : undefined);
    });

    test('tells mark, entitlements and age of a key, and changes nothing by looking', async ({ subject }) => {
      const key = await subject.handMade({ mark: subject.ours() });
      const before = await subject.stored(subject.target);

      const { mark, entitlements, issuedAt } = await subject.state(key);
      await subject.look(key, { probe: 'credential', times: 3 });

      expect(mark).toBe(subject.capabilities.mark ? subject.ours() : undefined);
      expect(entitlements.length).toBeGreaterThanOrEqual(subject.entitlements.length);
      expect(entitlements).toEqual([...entitlements].sort());
      expect(issuedAt === undefined || issuedAt > 0).toBe(true);
      expect(await subject.stored(subject.target)).toEqual(before);
    });

    test('uses nothing when no probe is asked for', async ({ subject }) => {
      const { use } = await subject.look(await subject.handMade());

      expect(use).toEqual({ outcome: 'not-asked' });
    });

    if (traits.unprobed) {
      test('says so where no probe is configured', async ({ subject }) => {
        const { unprobed } = subject;
        const { target, credential } = (await unprobed?.()) ?? { target: '', credential: await subject.handMade() };

        const { use } = await subject.look(credential, { target, probe: 'credential' });

        expect(use).toEqual({ outcome: 'no-probe' });
      });
    }

    test('finds a good credential accepted, and a random key refused', async ({ subject }) => {
      const key = await subject.handMade();

      const good = await subject.look(key, { probe: 'credential', times: 5 });
      const random = await subject.look(key, { probe: 'random' });

      expect(good.use).toEqual({ outcome: 'accepted' });
      expect(random.use).toMatchObject({ outcome: 'rejected' });
    });

    if (traits.acceptAnything) {
      test('reports that the probe accepts a random key', async ({ subject }) => {
        const key = await subject.handMade();
        await subject.acceptAnything?.();

        const { use } = await subject.look(key, { probe: 'random' });

        expect(use).toEqual({ outcome: 'accepted' });
      });
    }

    test('finds a key that nobody was told of refused, where waiting may help', async ({ subject }) => {
      const key = await subject.handMade();
      const unheard = await subject.propose({ mark: subject.ours(2), like: key });

      const { use } = await subject.look(unheard, { probe: 'credential' });

      // A provider that makes its own keys may accept one from the start.
      expect(use).toMatchObject(
        traits.clientSuppliedKey || use.outcome === 'rejected' ? { outcome: 'rejected', final: false } : {},
      );
      if (traits.overlaps) expect((await subject.look(key, { probe: 'credential' })).use.outcome).toBe('accepted');
    });

    test('explains a refusal by a code without the key', async ({ subject }) => {
      const { provider, target, capabilities } = subject;
      if (traits.overlaps) await subject.handMade();
      const key = await subject.handMade({ mark: subject.ours(), disabled: !traits.overlaps });
      await provider.remove({ target, keyId: key.keyId, mark: subject.ours() });
      await subject.advance(capabilities.revocationMs);

      const { use } = await subject.look(key, { probe: 'credential' });

      expect(use.outcome === 'rejected' && use.code).toMatch(/^[\w.:-]{1,100}$/);
      for (const text of [key.keyId, key.secret]) expect(JSON.stringify(use)).not.toContain(text.reveal());
    });

    test('tells when a key was last used, if the provider does', async ({ subject }) => {
      const key = await subject.handMade();
      const unused = await subject.state(key, { usage: true });
      await subject.look(key, { probe: 'credential', times: 3 });

      const used = await subject.state(key, { usage: true });

      expect(unused.lastUsedAt).toBeUndefined();
      expect(typeof used.lastUsedAt).toBe(subject.capabilities.lastUsed ? 'number' : 'undefined');
    });

    if (traits.lastUsed) {
      test('tells a later use later', async ({ subject }) => {
        const { usageGrainMs: grainMs = minuteMs } = subject;
        const key = await subject.handMade();
        const lastUsedAt = async () => (await subject.state(key, { usage: true })).lastUsedAt ?? 0;
        await subject.look(key, { probe: 'credential', times: 3 });
        const before = await lastUsedAt();

        await subject.advance(2 * grainMs);
        const unused = await lastUsedAt();
        await subject.look(key, { probe: 'credential', times: 3 });
        const used = await lastUsedAt();

        expect(before).toBeGreaterThan(0);
        expect(unused).toBeLessThanOrEqual(before + grainMs);
        expect(used).toBeGreaterThanOrEqual(before + grainMs);
      });
    }
  });
}
