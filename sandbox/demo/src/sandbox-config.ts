import type { Safeguard, Scenario, SimulatedProvider } from './simulated-provider.ts';

export type SandboxTimings = {
  readonly graceMs: number;
  readonly soakMs: number;
  /** What the slowest node of the data plane needs, with some reserve. */
  readonly propagationMs: number;
  readonly revocationMs: number;
  /** How long half of the clients keep what they read. */
  readonly readerCacheMs: number;
};

type Parts = {
  readonly scenario: Pick<Scenario, 'providerId' | 'overlap'>;
  readonly provider: Pick<SimulatedProvider, 'config' | 'shape'>;
  readonly slackUrl: string;
  readonly slackChannel: string;
};

/** Where a new key ends the old one, a policy has to accept that, and say when. */
const outageAtAnyTime = { acceptOutage: true, grace: '0s', schedule: 'cron(0 0 * * ? *)', window: '24h' };

/**
 * The stage's configuration with compressed timings, as YAML (JSON is YAML). Without a safeguard it lies, as a careless person would: no node
 * needs any time, or nobody keeps what they read.
 */
export function sandboxConfig(parts: Parts, timings: SandboxTimings, without?: Safeguard): string {
  const { scenario, provider, slackUrl, slackChannel } = parts;
  const ms = (value: number) => `${value}ms`;
  const hasty = without === 'hold-off';
  const graceless = without === 'grace';
  const config = {
    stage: 'sandbox',
    providers: {
      [scenario.providerId]: {
        ...provider.config,
        propagation: ms(hasty ? 0 : timings.propagationMs),
        revocation: ms(graceless ? 0 : timings.revocationMs),
      },
    },
    shapes: { pair: provider.shape },
    readers: { app: { refresh: ms(timings.readerCacheMs) } },
    policies: {
      standard: {
        soak: ms(timings.soakMs),
        accepts: hasty ? 1 : 6,
        ...(scenario.overlap === 'none'
          ? outageAtAnyTime
          : { grace: ms(graceless ? 0 : timings.graceMs), schedule: 'rate(4 hours)' }),
        readers: graceless ? [] : ['app'],
      },
    },
    routes: {
      default: { slack: slackChannel, mail: ['platform@acme.example'] },
      payments: { slack: slackChannel, mail: ['payments-oncall@acme.example'] },
    },
    notifications: {
      slack: { tokenSecret: 'keyturn/slack-token', apiUrl: slackUrl, allowHttp: ['127.0.0.1'] },
      mail: { from: 'keyturn@acme.example' },
    },
    runbooks: 'https://runbooks.acme.example/keyturn',
    timing: {
      toleratedSkew: ms(graceless ? 0 : 50),
      eventLag: ms(graceless ? 0 : 500),
      orphanMinAge: '2s',
      holdRetry: '1s',
    },
  };
  return `${JSON.stringify(config, null, 2)}\n`;
}
