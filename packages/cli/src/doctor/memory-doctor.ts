import { memoryMailAccount } from '@keyturn/aws/memory-mail-account';
import { memoryStageReader } from '@keyturn/aws/memory-stage-reader';
import { memoryTrails } from '@keyturn/aws/memory-trails';
import type { SecretsManagerCalls } from '@keyturn/aws/secrets-manager-calls';
import { versionDates } from '@keyturn/aws/version-dates';
import type { Config } from '@keyturn/config/config';
import { slackScopes } from '@keyturn/config/slack-scopes';

import { expectedStage } from './expected-stage.ts';
import type { DoctorPorts } from './ports.ts';

type Healthy = DoctorPorts & { readonly stage: ReturnType<typeof memoryStageReader> };

const region = 'eu-central-1';
const account = '123456789012';

/** A stage in which everything is as it has to be, for tests to spoil. */
export function healthyDoctor(config: Config, calls: Pick<SecretsManagerCalls, 'listSecretVersionIds'>): Healthy {
  const expected = expectedStage(config);
  const reader = memoryStageReader();
  const { functions, queues, buses, tables, parameters } = reader.stage;
  for (const name of expected.functions) {
    const arn = `arn:aws:lambda:${region}:${account}:function:${name}`;
    functions.set(name, { arn, runtime: expected.runtime, state: 'Active' });
  }
  for (const name of [...expected.queues, ...expected.deadLetterQueues]) queues.set(name, { waiting: 0, underWay: 0 });
  buses.set(expected.bus, `arn:aws:events:${region}:${account}:event-bus/${expected.bus}`);
  tables.set(expected.table, 'ACTIVE');
  parameters.set(expected.fleetParameter, 'running');
  const trail = { arn: `arn:aws:cloudtrail:${region}:${account}:trail/main`, homeRegion: region, multiRegion: true };
  return {
    stage: reader,
    queueAge: async () => undefined,
    mailAccount: memoryMailAccount({ 'acme.example': { verified: true, dkim: 'SUCCESS' } }),
    trails: async () => memoryTrails(region, [{ ...trail, logging: true }]),
    versionDates: versionDates(calls),
    slackBot: {
      identify: async () => ({ name: 'keyturn', team: 'Acme', scopes: slackScopes }),
      isMember: async () => true,
    },
  };
}
