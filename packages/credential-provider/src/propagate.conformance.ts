import { expect } from 'vitest';

import { idsOf, type Test } from './conformance-subject.ts';
import type { Traits } from './conformance-traits.ts';

export function propagating(test: Test, traits: Traits): void {
  test.describe('the nodes', () => {
    test('all accept a new key after propagationMs', async ({ subject }) => {
      const issued = await subject.issue({ version: 2, like: await subject.handMade() });

      await subject.advance(subject.capabilities.propagationMs);

      expect(await subject.outcomes(issued)).toEqual(['accepted']);
    });

    test(`${traits.overlaps ? 'accept' : 'refuse'} the old key beside the new one, as overlap says`, async ({
      subject,
    }) => {
      const { propagationMs, revocationMs } = subject.capabilities;
      const old = await subject.handMade();
      expect(await subject.outcomes(old)).toEqual(['accepted']);

      const issued = await subject.issue({ version: 2, like: old });
      await subject.advance(Math.max(propagationMs, revocationMs));

      expect(await subject.outcomes(old)).toEqual([traits.overlaps ? 'accepted' : 'rejected']);
      expect(await subject.outcomes(issued)).toEqual(['accepted']);
    });

    test('may refuse a new key at first, and that is never final', async ({ subject }) => {
      const issued = await subject.issue({ version: 2, like: await subject.handMade() });

      const { use } = await subject.look(issued, { probe: 'credential', times: 12 });

      expect(use).not.toMatchObject({ final: true });
    });

    if (!traits.overlaps) {
      test('accept the last of three keys alone, and nothing brings another one back', async ({ subject }) => {
        const { provider, target, capabilities } = subject;
        const first = await subject.handMade();
        const second = await subject.issue({ version: 2, like: first });
        const third = await subject.issue({ version: 3, like: second });
        await subject.advance(Math.max(capabilities.propagationMs, capabilities.revocationMs));

        expect(capabilities.reversibleDisable, 'enabling a key would end the one that replaced it').toBe(false);
        for (const key of [first, second]) expect(await subject.outcomes(key)).toEqual(['rejected']);
        expect(await subject.outcomes(third)).toEqual(['accepted']);
        expect(await subject.remaining(target)).toEqual(idsOf(third));

        await provider.disable({ target, keyId: second.keyId, mark: subject.ours(2) });
        await provider.remove({ target, keyId: second.keyId, mark: subject.ours(2) });

        expect(await subject.outcomes(third)).toEqual(['accepted']);
      });
    }

    const third = traits.overlaps ? test : () => undefined;
    third('accept a third key beside two, exactly where overlap is multi', async ({ subject }) => {
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
      if (!traits.overlaps) continue;
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
