import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';

import { apigeeProvider } from '@keyturn/apigee-adapter/apigee-provider';
import { authorizeBy } from '@keyturn/apigee-adapter/authorize';
import { secretStore } from '@keyturn/aws/secrets-manager-store';
import { functionNames } from '@keyturn/config/names';
import { parseConfig } from '@keyturn/config/parse-config';
import { serveIssue } from '@keyturn/credential-provider/serve-provider';
import { systemClock } from '@keyturn/lambda/system-clock';
import { systemRandom, systemRandomBytes } from '@keyturn/lambda/system-random';
import { deployServerless } from '@keyturn/local-aws/deploy-serverless';
import type { LocalAws } from '@keyturn/local-aws/local-aws';

import type { Safeguard } from './sandbox-config.ts';
import { withoutEntitlements } from './without-entitlements.ts';

const root = fileURLToPath(new URL('../../..', import.meta.url));

export type StageToDeploy = {
  readonly aws: LocalAws;
  readonly configPath: string;
  readonly without: Safeguard | undefined;
};

/** Deploys serverless.yml and infra/ on the local AWS, with the handlers of the services as they are, but for their logs. */
export async function deployStage({ aws, configPath, without }: StageToDeploy): Promise<void> {
  const environment = { POWERTOOLS_LOG_LEVEL: 'SILENT', METRICS: 'off' };
  await deployServerless(aws, { root, config: configPath, environment });
  if (without === 'entitlements') await replaceAdapter(aws, configPath);
}

async function replaceAdapter(aws: LocalAws, configPath: string): Promise<void> {
  const config = parseConfig(await readFile(configPath, 'utf8'));
  const [[id, provider] = []] = Object.entries(config.providers);
  if (id === undefined || provider === undefined) throw new Error('The configuration has no provider');
  const common = { clock: systemClock, random: systemRandom };
  const authorize = authorizeBy({
    config: provider,
    duty: 'issue',
    secrets: secretStore(aws.secrets),
    identity: () => Promise.reject(new Error('The local AWS has no identities')),
    http: { ...common, allowHttp: provider.allowHttp },
  });
  const adapter = apigeeProvider({ ...common, randomBytes: systemRandomBytes, config: provider, authorize });
  const naive = serveIssue(withoutEntitlements(adapter, ['product:orders-v1', 'scope:orders.read']));
  aws.functions.register(functionNames(config.stage).issue(id), naive, { timeoutMs: 90_000 });
}
