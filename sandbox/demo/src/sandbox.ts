import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { apigeeSimulator } from '@keyturn/apigee-simulator/apigee-simulator';
import type { ApigeeSimulator } from '@keyturn/apigee-simulator/simulator';
import { localAws, type LocalAws } from '@keyturn/local-aws/local-aws';

import { deployStage } from './deploy-stage.ts';
import { sandboxConfig, type Safeguard, type SandboxTimings } from './sandbox-config.ts';
import { defaultScenario, type Scenario } from './scenario.ts';
import { seedApp, type HandMadeKey } from './seed-app.ts';
import { slackWorkspace, type SlackWorkspace } from './slack-workspace.ts';

/** A local AWS with the whole stage deployed on it, an Apigee, a Slack, and one secret that a person pasted together. */
export type Sandbox = {
  readonly aws: LocalAws;
  readonly apigee: ApigeeSimulator;
  readonly slack: SlackWorkspace;
  readonly scenario: Scenario;
  readonly secretName: string;
  readonly handMade: HandMadeKey;
  /** For a process that uses the sandbox: how to reach AWS, and the stage's configuration. */
  readonly environment: Readonly<Record<string, string>>;
  close(): Promise<void>;
};

export type SandboxOptions = {
  readonly port?: number | undefined;
  readonly timings: SandboxTimings;
  /** Each node of the gateway: how late it hears of new keys and of revoked ones, in milliseconds. */
  readonly nodes: readonly {
    readonly propagationMs: number;
    readonly revocationMs: number;
    readonly negativeMs: number;
  }[];
  readonly scheduleSpeed: number;
  readonly sweepEveryMs: number;
  readonly without?: Safeguard | undefined;
  readonly scenario?: Scenario | undefined;
};

const secretName = 'orders/apigee';

export async function startSandbox(options: SandboxOptions): Promise<Sandbox> {
  const { timings, nodes, scheduleSpeed, sweepEveryMs, without, scenario = defaultScenario } = options;
  // The one port that may be taken comes first: nothing has to be cleared away then.
  const aws = await localAws({
    ...(options.port === undefined ? {} : { port: options.port }),
    scheduleSpeed,
    sweepEveryMs,
    rotationAttempts: 5,
    rotationRetryDelayMs: 1000,
  });

  const folder = await mkdtemp(join(tmpdir(), 'keyturn-'));
  const apigee = await apigeeSimulator({ ...scenario.simulator, nodes });
  const slack = await slackWorkspace();

  const addresses = { apigee, scenario, slackUrl: slack.apiUrl, slackChannel: slack.channel };
  const configPath = join(folder, 'keyturn.yaml');
  await writeFile(configPath, sandboxConfig(addresses, timings, without));
  await deployStage({ aws, configPath, without });
  const handMade = seedApp(apigee, scenario);
  await createSecrets(aws, {
    adminSecret: scenario.adminSecret(apigee),
    slackToken: slack.token,
    handMade,
  });

  return {
    aws,
    apigee,
    slack,
    scenario,
    secretName,
    handMade,
    environment: { ...aws.environment, KEYTURN_CONFIG: configPath },
    async close() {
      await aws.close();
      await apigee.close();
      await slack.close();
      await rm(folder, { recursive: true, force: true });
    },
  };
}

type Values = { readonly adminSecret: string; readonly slackToken: string; readonly handMade: HandMadeKey };

async function createSecrets({ secrets }: LocalAws, { adminSecret, slackToken, handMade }: Values): Promise<void> {
  const { consumerKey, consumerSecret } = handMade;
  // As a person pastes it: two fields, and no more.
  const pasted = `{"client_id":"${consumerKey}","client_secret":"${consumerSecret}"}`;
  await secrets.createSecret({ Name: 'keyturn/apigee-admin', SecretString: adminSecret });
  await secrets.createSecret({ Name: 'keyturn/slack-token', SecretString: slackToken });
  await secrets.createSecret({ Name: secretName, SecretString: pasted });
}
