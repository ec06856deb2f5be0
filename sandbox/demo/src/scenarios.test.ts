import { ownProviders } from '@keyturn/config/own-providers';
import { parseConfig } from '@keyturn/config/parse-config';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';

import { stringsOf } from './find-leaks.ts';
import { sandboxConfig } from './sandbox-config.ts';
import { safeguardsOf, scenarios } from './scenarios.ts';
import type { SimulatedProvider } from './simulated-provider.ts';
import { useOf, valueIn, type UseOnce } from './use-key.ts';

const nodes = [
  { propagationMs: 0, revocationMs: 0, negativeMs: 0 },
  { propagationMs: 0, revocationMs: 0, negativeMs: 0 },
];
const timings = { graceMs: 8000, soakMs: 1500, propagationMs: 4500, revocationMs: 1500, readerCacheMs: 4000 };

test('each has a name of its own, and none is called all', () => {
  const names = ['all', ...scenarios.map(({ name }) => name)];

  expect(new Set(names).size).toBe(names.length);
});

describe.for(scenarios.map((scenario) => [scenario.name, scenario] as const))('%s', ([, scenario]) => {
  let provider: SimulatedProvider;
  let use: UseOnce;
  const valueOf = (text: string) => valueIn(text, provider.application);
  const targets = () => (provider.application.as === 'http' ? provider.application.urls : provider.application.hosts);

  beforeAll(async () => {
    provider = await scenario.start({ nodes });
    use = await useOf(provider.application);
  });
  afterAll(() => provider.close());

  test('what it says of its configuration is a configuration', () => {
    const parts = {
      scenario,
      provider,
      slackUrl: 'http://127.0.0.1:1/',
      slackChannel: 'C0PAYMENTS1',
    };

    const config = parseConfig(sandboxConfig(parts, timings));

    const [[id, { adminSecret }] = ['', {}]] = ownProviders(config);
    expect([id]).toEqual(Object.keys(config.providers));
    expect(id).toBe(scenario.providerId);
    expect(adminSecret).toBe(provider.adminSecret === undefined ? undefined : `keyturn/${scenario.providerId}-admin`);
  });

  test('can be played without entitlements exactly where there is a careless adapter', () => {
    expect(safeguardsOf(scenario).includes('entitlements')).toBe(scenario.careless !== undefined);
  });

  test('its console shows the hand-made key, and an application that reads the secret is served everywhere', async () => {
    expect(provider.keys()).toEqual([{ keyId: provider.keyIdOf(provider.pasted), enabled: true }]);
    expect(await provider.isRefused(provider.pasted)).toBe(false);
    for (const number of targets().keys()) expect(await use(valueOf(provider.pasted), number)).toBeUndefined();
  });

  test('says what nobody may see of the secret: some of it is what the application uses', () => {
    const hidden = provider.secretsIn?.(provider.pasted) ?? stringsOf(provider.pasted);

    const used = valueIn(provider.pasted, provider.application);
    expect(hidden.filter((part) => part.length >= 8 && used.includes(part))).not.toEqual([]);
    expect([...hidden, ...provider.canaries]).not.toContain('');
  });

  test('a key that a person switched off in the console is refused everywhere', async () => {
    provider.disable(provider.keyIdOf(provider.pasted));

    expect(provider.keys().filter(({ enabled }) => enabled)).toEqual([]);
    expect(await provider.isRefused(provider.pasted)).toBe(true);
    for (const number of targets().keys()) expect(await use(valueOf(provider.pasted), number)).toBeDefined();
  });
});
