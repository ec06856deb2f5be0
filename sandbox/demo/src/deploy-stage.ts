import { fileURLToPath } from 'node:url';

import { deployServerless } from '@keyturn/local-aws/deploy-serverless';
import type { LocalAws } from '@keyturn/local-aws/local-aws';

import type { Safeguard } from './sandbox-config.ts';

const root = fileURLToPath(new URL('../../..', import.meta.url));

export type StageToDeploy = {
  readonly aws: LocalAws;
  readonly configPath: string;
  readonly without: Safeguard | undefined;
};

/** Deploys serverless.yml and infra/ on the local AWS, with the handlers of the services as they are, but for their logs. */
export async function deployStage({ aws, configPath }: StageToDeploy): Promise<void> {
  await deployServerless(aws, { root, config: configPath, environment: { POWERTOOLS_LOG_LEVEL: 'SILENT' } });
}
