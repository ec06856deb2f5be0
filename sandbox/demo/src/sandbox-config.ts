import type { ApigeeSimulator } from '@keyturn/apigee-simulator/simulator';

import type { Scenario } from './scenario.ts';

/** What may be taken out of the demo, to see what it is for. */
export const safeguards = ['hold-off', 'grace', 'entitlements'] as const;
export type Safeguard = (typeof safeguards)[number];

export type SandboxTimings = {
  readonly graceMs: number;
  readonly soakMs: number;
  /** What the slowest node of the gateway needs, with some reserve. */
  readonly propagationMs: number;
  readonly revocationMs: number;
  /** How long half of the clients keep what they read. */
  readonly readerCacheMs: number;
};

export type SandboxAddresses = {
  readonly apigee: ApigeeSimulator;
  readonly scenario: Scenario;
  readonly slackUrl: string;
  readonly slackChannel: string;
};

/**
 * The stage's configuration with compressed timings, as YAML (JSON is YAML). Without a safeguard it lies, as a careless person would: no node
 * needs any time, or nobody keeps what they read.
 */
export function sandboxConfig(at: SandboxAddresses, timings: SandboxTimings, without?: Safeguard): string {
  const { apigee, scenario } = at;
  const ms = (value: number) => `${value}ms`;
  const hasty = without === 'hold-off';
  const graceless = without === 'grace';
  const config = {
    stage: 'sandbox',
    providers: {
      apigee: {
        kind: 'apigee',
        organization: apigee.organization,
        managementUrl: apigee.managementUrl,
        adminSecret: 'keyturn/apigee-admin',
        ...scenario.provider(apigee),
        urls: { gateway: apigee.gatewayUrl },
        allowHttp: ['127.0.0.1'],
        probes: [{ id: 'orders', url: 'gateway', path: '/orders/ping', send: { as: 'header', name: 'x-apikey' } }],
        propagation: ms(hasty ? 0 : timings.propagationMs),
        revocation: ms(graceless ? 0 : timings.revocationMs),
      },
    },
    shapes: { pair: { keyId: '/client_id', secret: '/client_secret' } },
    readers: { app: { refresh: ms(timings.readerCacheMs) } },
    policies: {
      standard: {
        grace: ms(graceless ? 0 : timings.graceMs),
        soak: ms(timings.soakMs),
        accepts: hasty ? 1 : 6,
        schedule: 'rate(4 hours)',
        readers: graceless ? [] : ['app'],
      },
    },
    routes: {
      default: { slack: at.slackChannel, mail: ['platform@acme.example'] },
      payments: { slack: at.slackChannel, mail: ['payments-oncall@acme.example'] },
    },
    notifications: {
      slack: { tokenSecret: 'keyturn/slack-token', apiUrl: at.slackUrl, allowHttp: ['127.0.0.1'] },
      mail: { from: 'keyturn@acme.example' },
    },
    runbooks: 'https://runbooks.acme.example/keyturn',
    timing: {
      toleratedSkew: ms(graceless ? 0 : 50),
      eventLag: ms(graceless ? 0 : 500),
      orphanMinAge: '2s',
      holdRetry: '5s',
    },
  };
  return `${JSON.stringify(config, null, 2)}\n`;
}
