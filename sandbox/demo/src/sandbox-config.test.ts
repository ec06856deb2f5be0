import { expect, test } from 'vitest';
import * as z from 'zod';

import { sandboxConfig } from './sandbox-config.ts';
import type { Safeguard, Scenario } from './simulated-provider.ts';

const timings = { graceMs: 8000, soakMs: 1500, propagationMs: 4500, revocationMs: 1500, readerCacheMs: 4000 };
const written = z.object({
  providers: z.record(z.string(), z.looseObject({ propagation: z.string(), revocation: z.string() })),
  policies: z.object({ standard: z.looseObject({ grace: z.string(), schedule: z.string() }) }),
});

function configOf(overlap: Scenario['overlap'], without?: Safeguard) {
  const provider = { config: { kind: 'any', propagation: '1h' }, shape: { keyId: '/id' } };
  const parts = {
    scenario: { providerId: 'any', overlap },
    provider,
    slackUrl: 'http://127.0.0.1:1/',
    slackChannel: 'C1',
  };
  return written.parse(JSON.parse(sandboxConfig(parts, timings, without)));
}

test('adds the times of the demo to what the provider says of itself', () => {
  const { providers, policies } = configOf('multi');

  expect(providers).toEqual({ any: { kind: 'any', propagation: '4500ms', revocation: '1500ms' } });
  expect(policies.standard).toMatchObject({ grace: '8000ms', schedule: 'rate(4 hours)' });
  expect(policies.standard).not.toHaveProperty('acceptOutage');
});

test('where a new key ends the old one, the policy accepts the outage, says when, and promises no grace', () => {
  const { policies } = configOf('none');

  expect(policies.standard).toMatchObject({ acceptOutage: true, grace: '0s', window: '24h' });
  expect(policies.standard.schedule).toMatch(/^cron/);
});

test('without a safeguard it says what a careless person would', () => {
  expect(configOf('multi', 'hold-off').providers).toMatchObject({ any: { propagation: '0ms' } });
  expect(configOf('multi', 'grace').policies.standard).toMatchObject({ grace: '0ms', readers: [] });
});
