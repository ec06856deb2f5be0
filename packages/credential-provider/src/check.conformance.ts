import { describe, expect } from 'vitest';

import { wrongSecret, type conformanceTest } from './conformance-subject.ts';

type Test = ReturnType<typeof conformanceTest>;

export function checking(test: Test, traits: Traits): void {
  describe('check', () => {
    test('tells an absent, an enabled, a disabled and an expired key', async ({ subject }) => {
      const { provider, target } = subject;
      const elsewhere = await subject.handMade({ target: subject.otherTarget });

      expect((await subject.look(elsewhere)).key).toEqual({ state: 'absent' });
      expect((await subject.state(await subject.handMade())).state).toBe('enabled');
      const disabled = await subject.handMade({ disabled: true, mark: subject.ours() });
      expect((await subject.state(disabled)).state).toBe('disabled');
      await provider.remove({ target, keyId: disabled.keyId, mark: subject.ours() });
      expect((await subject.state(await subject.handMade({ expired: true }))).state).toBe('unusable');
    });

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

    test('explains a refusal by a code without the key, and lets it stand where waiting may help', async ({
      subject,
    }) => {
      const [key, mark] = [await subject.handMade(), subject.ours(2)];
      const unheard = await subject.provider.propose({ target: subject.target, mark });

      const { use } = await subject.look(unheard, { probe: 'credential' });

      expect(use).toMatchObject({ outcome: 'rejected', final: false });
      expect(use.outcome === 'rejected' && use.code).toMatch(/^[\w.:-]{1,100}$/);
      expect(JSON.stringify(use)).not.toContain(unheard.keyId.reveal());
      expect((await subject.look(key, { probe: 'credential' })).use.outcome).toBe('accepted');
    });

    test('tells when a key was last used, if the provider does', async ({ subject }) => {
      const key = await subject.handMade();
      const unused = await subject.state(key);
      await subject.look(key, { probe: 'credential', times: 3 });

      const used = await subject.state(key);

      expect(unused.lastUsedAt).toBeUndefined();
      expect(typeof used.lastUsedAt).toBe(subject.capabilities.lastUsed ? 'number' : 'undefined');
    });
  });
}

export function finding(test: Test, traits: Traits): void {
  describe('locate and list', () => {
    test('locate finds the target of a key', async ({ subject }) => {
      const { provider, target, otherTarget } = subject;
      const here = await subject.handMade();
      const there = await subject.handMade({ target: otherTarget });

      expect(await provider.locate({ credential: here })).toEqual({ target });
      expect(await provider.locate({ credential: there })).toEqual({ target: otherTarget });
    });

    test('locate finds nothing for a wrong secret, nor for a key that is gone', async ({ subject }) => {
      const { provider, target } = subject;
      await subject.handMade();
      const key = await subject.handMade({ mark: subject.ours() });

      expect(await provider.locate({ credential: wrongSecret(key) })).toBeUndefined();
      await provider.remove({ target, keyId: key.keyId, mark: subject.ours() });
      expect(await provider.locate({ credential: key })).toBeUndefined();
    });

    if (traits.listOwned) {
      test('list tells every key of the target with state and mark', async ({ subject }) => {
        const { provider, target } = subject;
        expect(await provider.list({ target })).toEqual([]);
        const mark = subject.capabilities.mark ? subject.ours() : undefined;
        const marked = await subject.handMade({ mark: subject.ours() });
        const disabled = await subject.handMade({ disabled: true });
        await subject.handMade({ target: subject.otherTarget });

        const keys = await provider.list({ target });

        const plain = keys.map(({ keyId, state, mark }) => ({ keyId: keyId.reveal(), state, mark }));
        expect(plain).toHaveLength(2);
        expect(plain).toContainEqual({ keyId: marked.keyId.reveal(), state: 'enabled', mark });
        expect(plain).toContainEqual({ keyId: disabled.keyId.reveal(), state: 'disabled', mark: undefined });
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

export function propagating(test: Test, traits: Traits): void {
  describe('the nodes', () => {
    test('all accept a new key after propagationMs, and its old one still', async ({ subject }) => {
      const { propagationMs, overlap } = subject.capabilities;
      const old = await subject.handMade();
      const issued = await subject.issue({ version: 2, like: old });

      await subject.advance(propagationMs);

      expect(['multi', 'two-slot'], 'a provider without overlap cannot rotate without an outage').toContain(overlap);
      expect(await subject.outcomes(issued)).toEqual(['accepted']);
      expect(await subject.outcomes(old)).toEqual(['accepted']);
    });

    test('may refuse a new key at first, and that is never final', async ({ subject }) => {
      const issued = await subject.issue({ version: 2, like: await subject.handMade() });

      const { use } = await subject.look(issued, { probe: 'credential', times: 12 });

      expect(use).not.toMatchObject({ final: true });
    });

    test('accept a third key beside two, exactly where overlap is multi', async ({ subject }) => {
      const { overlap, propagationMs } = subject.capabilities;
      const first = await subject.handMade();
      const second = await subject.issue({ version: 2, like: first });
      const issueThird = subject.issue({ version: 3, like: second });

      if (overlap === 'multi') {
        const third = await issueThird;
        await subject.advance(propagationMs);
        for (const key of [first, second, third]) expect(await subject.outcomes(key)).toEqual(['accepted']);
      } else {
        expect((await subject.refusal(issueThird)).reason).toBe('quota');
      }
    });

    for (const operation of ['disable', 'remove'] as const) {
      test(`all refuse a key revocationMs after ${operation}, and accept the other one`, async ({ subject }) => {
        const { provider, target, capabilities } = subject;
        const old = await subject.handMade({ mark: subject.ours(1) });
        const issued = await subject.issue({ version: 2, like: old });
        await subject.advance(capabilities.propagationMs);
        expect(await subject.outcomes(old)).toEqual(['accepted']);

        await provider[operation]({ target, keyId: old.keyId, mark: subject.ours(1) });
        await subject.advance(capabilities.revocationMs);

        expect(await subject.outcomes(old)).toEqual(['rejected']);
        expect(await subject.outcomes(issued)).toEqual(['accepted']);
      });
    }

    if (traits.reversibleDisable) {
      test('all accept a key again propagationMs after enable', async ({ subject }) => {
        const { provider, target, capabilities } = subject;
        await subject.handMade();
        const key = await subject.handMade({ mark: subject.ours() });
        await provider.disable({ target, keyId: key.keyId, mark: subject.ours() });
        await subject.advance(capabilities.revocationMs);

        await provider.enable({ target, keyId: key.keyId, mark: subject.ours() });
        await subject.advance(capabilities.propagationMs);

        expect(await subject.outcomes(key)).toEqual(['accepted']);
      });
    }
  });
}
