import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { localAws, type LocalAws } from '@keyturn/local-aws/local-aws';

import { deployStage } from './deploy-stage.ts';
import { sandboxConfig, type SandboxTimings } from './sandbox-config.ts';
import type { NodeDelays, Safeguard, Scenario, SimulatedProvider } from './simulated-provider.ts';
import { slackWorkspace, type SlackWorkspace } from './slack-workspace.ts';

/** A local AWS with the whole stage deployed on it, a provider, a Slack, and one secret that a person pasted together. */
export type Sandbox = {
  readonly aws: LocalAws;
  readonly scenario: Scenario;
  readonly provider: SimulatedProvider;
  readonly slack: SlackWorkspace;
  readonly secretName: string;
  /** What a person types after `keyturn` to adopt the secret. */
  readonly adoption: readonly string[];
  /** For a process that uses the sandbox: how to reach AWS, and the stage's configuration. */
  readonly environment: Readonly<Record<string, string>>;
  close(): Promise<void>;
};

export type SandboxOptions = {
  readonly port?: number | undefined;
  readonly scenario: Scenario;
  readonly timings: SandboxTimings;
  readonly nodes: readonly NodeDelays[];
  readonly scheduleSpeed: number;
  readonly sweepEveryMs: number;
  readonly without?: Safeguard | undefined;
};

export async function startSandbox(options: SandboxOptions): Promise<Sandbox> {
  const { scenario, timings, nodes, scheduleSpeed, sweepEveryMs, without } = options;
  const { providerId } = scenario;
  // The one port that may be taken comes first: nothing has to be cleared away then.
  const aws = await localAws({
    ...(options.port === undefined ? {} : { port: options.port }),
    scheduleSpeed,
    sweepEveryMs,
    rotationAttempts: 5,
    rotationRetryDelayMs: 1000,
  });

  const folder = await mkdtemp(join(tmpdir(), 'keyturn-'));
  const provider = await scenario.start({ nodes });
  const slack = await slackWorkspace();

  const parts = { scenario, provider, slackUrl: slack.apiUrl, slackChannel: slack.channel };
  const configPath = join(folder, 'keyturn.yaml');
  await writeFile(configPath, sandboxConfig(parts, timings, without));
  await deployStage({ aws, configPath, scenario, without });
  const secretName = `orders/${providerId}`;
  const { adminSecret, secrets, pasted, tags = {} } = provider;
  await createSecrets(aws, {
    ...(adminSecret === undefined ? {} : { [`keyturn/${providerId}-admin`]: adminSecret }),
    ...secrets,
    'keyturn/slack-token': slack.token,
  });
  const Tags = Object.entries(tags).map(([Key, Value]) => ({ Key, Value }));
  await aws.secrets.createSecret({ Name: secretName, SecretString: pasted, Tags });

  const picks = ['--provider', providerId, '--policy', 'standard', '--shape', 'pair', '--owner', 'payments'];
  return {
    aws,
    scenario,
    provider,
    slack,
    secretName,
    adoption: ['adopt', secretName, ...picks, ...provider.adopt, '--yes'],
    environment: { ...aws.environment, KEYTURN_CONFIG: configPath },
    async close() {
      await aws.close();
      await provider.close();
      await slack.close();
      await rm(folder, { recursive: true, force: true });
    },
  };
}

async function createSecrets({ secrets }: LocalAws, values: Readonly<Record<string, string>>): Promise<void> {
  for (const [Name, SecretString] of Object.entries(values)) await secrets.createSecret({ Name, SecretString });
}
