import { expect, test } from 'vitest';

import { contract } from './conformance.ts';
import { subjectOf, type Subject, type Test } from './conformance-subject.ts';
import { traitsOf } from './conformance-traits.ts';
import type { Capabilities, CheckResult, CredentialProvider } from './credential-provider.ts';
import { memoryFixture, type Flavour } from './memory-fixture.conformance.ts';
import type { SetUp } from './provider-fixture.ts';

const chosen: Flavour = { mode: 'chosen' };
const generated: Flavour = { mode: 'generated' };
const twoSlot: Flavour = { mode: 'chosen', maxKeys: 2 };
const replacing: Flavour = { mode: 'generated', overlap: 'none', maxKeys: 100 };
const poor: Flavour = { mode: 'chosen', lacks: ['list', 'mark', 'enable', 'last-used'] };
const mortal: Flavour = { mode: 'chosen', lifetimeMs: 90 * 86_400_000 };

/** What a provider is, what its adapter says, and a test that finds the difference. */
const lies: readonly (readonly [string, Flavour, Partial<Capabilities>, string])[] = [
  ['takes no key of ours', generated, { clientSuppliedKey: true }, 'the provider hears nothing of it'],
  ['takes our keys', chosen, { clientSuppliedKey: false }, 'the key exists and bears the mark'],
  ['cannot list', poor, { listOwned: true }, 'list tells every key of the target'],
  ['can list', chosen, { listOwned: false }, 'list is refused where the provider cannot'],
  ['writes no mark', poor, { mark: true }, 'writes our mark, and never copies'],
  ['writes marks', chosen, { mark: false }, 'is refused where keys bear no mark'],
  ['cannot enable', poor, { reversibleDisable: true }, 'repeated twice and three times are the same'],
  ['can enable', chosen, { reversibleDisable: false }, 'enable is refused where disabling is final'],
  ['holds many keys', chosen, { overlap: 'two-slot' }, 'accept a third key beside two'],
  ['holds many keys', chosen, { overlap: 'none', reversibleDisable: false }, 'refuse the old key beside the new one'],
  ['holds two keys', twoSlot, { overlap: 'multi' }, 'accept a third key beside two'],
  ['holds two keys', twoSlot, { overlap: 'none', reversibleDisable: false }, 'refuse the old key beside the new one'],
  ['ends the old key', replacing, { overlap: 'multi' }, 'accept the old key beside the new one'],
  ['ends the old key', replacing, { overlap: 'two-slot' }, 'accept the old key beside the new one'],
  ['ends the old key', replacing, { reversibleDisable: true }, 'accept the last of three keys alone'],
  ['tells no use', poor, { lastUsed: true }, 'tells when a key was last used'],
  ['tells the use', chosen, { lastUsed: false }, 'tells when a key was last used'],
  ['needs longer to accept', chosen, { propagationMs: 29_000 }, 'all accept a new key after propagationMs'],
  ['needs longer to refuse', chosen, { revocationMs: 179_000 }, 'all refuse a key revocationMs after disable'],
  ['lets keys expire', mortal, { expiryOnCreate: false }, 'issues keys that never expire'],
  ['lets no key expire', chosen, { expiryOnCreate: true }, 'issues keys that expire, as it says'],
];

test.each(lies)('an adapter whose provider %s is found out (%#)', async (_, flavour, lie, finder) => {
  const failed = await failedTests(memoryFixture(flavour, (provider) => claiming(provider, lie)));

  expect(failed).toContainEqual(expect.stringContaining(finder));
});

test('every capability is lied about, and every provider of these tells the truth when left alone', async () => {
  const flavours = [...new Set(lies.map(([, flavour]) => flavour))];
  const honest = await Promise.all(flavours.map((flavour) => failedTests(memoryFixture(flavour))));
  const described = await (await memoryFixture(chosen)()).provider.describe();

  expect(honest.flat()).toEqual([]);
  expect([...new Set(lies.flatMap(([, , lie]) => Object.keys(lie)))].sort()).toEqual(Object.keys(described).sort());
});

test('an adapter that remembers the first use of a key as its last is found out', async () => {
  const first = new Map<string, number>();
  const forgetful = (provider: CredentialProvider): CredentialProvider => ({
    ...provider,
    async check(request) {
      const result = await provider.check(request);
      return withLastUse(result, (at) => {
        const keyId = request.credential.keyId.reveal();
        first.set(keyId, first.get(keyId) ?? at);
        return first.get(keyId);
      });
    },
  });

  expect(await failedTests(memoryFixture(chosen, forgetful))).toEqual([expect.stringContaining('a later use later')]);
});

function claiming(provider: CredentialProvider, lie: Partial<Capabilities>): CredentialProvider {
  return { ...provider, describe: async () => ({ ...(await provider.describe()), ...lie }) };
}

function withLastUse(result: CheckResult, change: (at: number) => number | undefined): CheckResult {
  const { key } = result;
  if (key.state === 'absent' || key.lastUsedAt === undefined) return result;
  return { ...result, key: { ...key, lastUsedAt: change(key.lastUsedAt) } };
}

/** Runs the whole suite against a provider and gives the names of the tests that fail. */
async function failedTests(setUp: SetUp): Promise<readonly string[]> {
  const collected: { readonly name: string; readonly body: (context: { subject: Subject }) => Promise<void> }[] = [];
  const collect = (name: string, body: (context: { subject: Subject }) => Promise<void>) =>
    void collected.push({ name, body });
  const runner: Test = Object.assign(collect, { describe: (_: string, body: () => void) => body() });
  contract(runner, await traitsOf(setUp));
  const failed: string[] = [];
  for (const { name, body } of collected) {
    const fixture = await setUp();
    try {
      await body({ subject: subjectOf(fixture, await fixture.provider.describe()) });
    } catch {
      failed.push(name);
    } finally {
      await fixture.close();
    }
  }
  return failed;
}
