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
  readonly organization: string;
  readonly managementUrl: string;
  readonly tokenUrl: string;
  readonly gatewayUrl: string;
  readonly slackUrl: string;
  readonly slackChannel: string;
};

/**
 * The stage's configuration with compressed timings, as YAML (JSON is YAML). Without a safeguard it lies, as a careless person would: no node
 * needs any time, or nobody keeps what they read.
 */
export function sandboxConfig(at: SandboxAddresses, timings: SandboxTimings, without?: Safeguard): string {
  const ms = (value: number) => `${value}ms`;
  const hasty = without === 'hold-off';
  const graceless = without === 'grace';
  const config = {
    stage: 'sandbox',
    providers: {
      apigee: {
        kind: 'apigee',
        organization: at.organization,
        managementUrl: at.managementUrl,
        auth: { as: 'serviceAccount', tokenUrl: at.tokenUrl },
        adminSecret: 'keyturn/apigee-admin',
        urls: { gateway: at.gatewayUrl },
        allowHttp: ['127.0.0.1'],
        probes: [{ id: 'orders', url: 'gateway', path: '/orders/ping', send: { as: 'header', name: 'x-apikey' } }],
        propagation: ms(hasty ? 0 : timings.propagationMs),
        revocation: ms(graceless ? 0 : timings.revocationMs),
      },
    },
    shapes: { 'two-fields': { keyId: '/client_id', secret: '/client_secret' } },
    readers: { app: { refresh: ms(timings.readerCacheMs) } },
    policies: {
      compressed: {
        grace: ms(graceless ? 0 : timings.graceMs),
        soak: ms(timings.soakMs),
        accepts: hasty ? 1 : 6,
        schedule: 'rate(4 hours)',
        readers: graceless ? [] : ['app'],
      },
    },
    routes: {
      default: { slack: at.slackChannel, mail: ['platform@acme.example'] },
      orders: { slack: at.slackChannel, mail: ['orders-team@acme.example'] },
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
