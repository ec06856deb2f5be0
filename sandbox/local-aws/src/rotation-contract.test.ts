import { awsClients } from '@keyturn/aws/clients';
import { testRotationContract, type RotationContractUnderTest } from '@keyturn/aws/rotation-contract.conformance';
import { sdkSecretsManager } from '@keyturn/aws/sdk-secrets-manager';
import type { Lag } from '@keyturn/aws/secrets-manager-history';
import type { RotationStep } from '@keyturn/aws/secrets-manager-steps';
import { onTestFinished } from 'vitest';
import * as z from 'zod';

import { localAws } from './local-aws.ts';

const rotationStep = z.object({
  Step: z.enum(['createSecret', 'setSecret', 'testSecret', 'finishSecret']),
  SecretId: z.string(),
  ClientRequestToken: z.string(),
  RotationToken: z.string(),
});

/** Over the wire, with a function that is deployed there. */
async function overTheWire(): Promise<RotationContractUnderTest> {
  const clock = { ms: Date.UTC(2026, 10, 21, 8), now: () => clock.ms, sleep: async () => {} };
  const attempts = 3;
  let lag: Lag | undefined;
  let work: (step: RotationStep) => Promise<void> = async () => {};
  const aws = await localAws({ clock, rotationAttempts: attempts, rotationRetryDelayMs: 1, staleReads: () => lag });
  onTestFinished(() => aws.close());
  const credentials = { accessKeyId: 'local', secretAccessKey: 'local' };
  const client = awsClients({ endpoint: aws.url, region: aws.region, credentials, attempts: 1 }).secretsManager();
  const { arn: lambdaArn } = aws.functions.register('rotator', (event) => work(rotationStep.parse(event)));
  return {
    calls: sdkSecretsManager(client),
    lambdaArn,
    attempts,
    onStep: (next) => void (work = next),
    settle: () => aws.idle(),
    async advance(ms) {
      clock.ms += ms;
      await aws.secrets.rotations.startDue();
      await aws.idle();
    },
    events: () => aws.events.filter(({ bus }) => bus === 'default'),
    makeStale: (next) => void (lag = next),
  };
}

testRotationContract('Secrets Manager of local-aws', overTheWire);
