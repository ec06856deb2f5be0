import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';

import { secretStore } from '@keyturn/aws/secrets-manager-store';
import { functionNames } from '@keyturn/config/names';
import { parseConfig } from '@keyturn/config/parse-config';
import { serveIssue } from '@keyturn/credential-provider/serve-provider';
import { deployServerless } from '@keyturn/local-aws/deploy-serverless';
import type { LocalAws } from '@keyturn/local-aws/local-aws';

import type { Safeguard, Scenario } from './simulated-provider.ts';

const root = fileURLToPath(new URL('../../..', import.meta.url));

export type StageToDeploy = {
  readonly aws: LocalAws;
  readonly configPath: string;
  readonly scenario: Scenario;
  readonly without: Safeguard | undefined;
};

/** Deploys serverless.yml and infra/ on the local AWS, with the handlers of the services as they are, but for their logs. */
export async function deployStage(stage: StageToDeploy): Promise<void> {
  const environment = { POWERTOOLS_LOG_LEVEL: 'SILENT', METRICS: 'off' };
  await deployServerless(stage.aws, { root, config: stage.configPath, environment });
  if (stage.without === 'entitlements') await replaceAdapter(stage);
}

async function replaceAdapter({ aws, configPath, scenario }: StageToDeploy): Promise<void> {
  const { stage, providers } = parseConfig(await readFile(configPath, 'utf8'));
  const config = providers[scenario.providerId];
  const naive = config && scenario.careless?.({ config, secrets: secretStore(aws.secrets) });
  if (naive === undefined) throw new Error(`There is no careless adapter for ${scenario.name}`);
  aws.functions.register(functionNames(stage).issue(scenario.providerId), serveIssue(naive), { timeoutMs: 90_000 });
}
