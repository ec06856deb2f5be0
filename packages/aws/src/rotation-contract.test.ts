import { randomUUID } from 'node:crypto';

import { testRotationContract, type RotationContractUnderTest } from './rotation-contract.conformance.ts';
import type { Lag } from './secrets-manager-history.ts';
import { secretsManagerModel, type SecretsManagerModel } from './secrets-manager-model.ts';
import { labelUpdated, serviceEvent, type RotationNotice } from './secrets-manager-notices.ts';
import { rotationRunner, type RotationRunner, type RotationStep } from './secrets-manager-steps.ts';

const place = { account: '123456789012', region: 'eu-central-1' };

/** The model and the runner, by a clock that moves when somebody sleeps. */
function inMemory(): RotationContractUnderTest {
  let time = Date.UTC(2026, 10, 21, 8);
  const clock = {
    now: () => time,
    sleep: async (ms: number) => {
      time += ms;
    },
  };
  const attempts = 3;
  let lag: Lag | undefined;
  let work: (step: RotationStep) => Promise<void> = async () => {};
  const running = new Set<Promise<void>>();
  const told: ReturnType<RotationContractUnderTest['events']>[number][] = [];
  const tell = (notice: RotationNotice) =>
    told.push(serviceEvent(notice, { ...place, now: clock.now(), eventId: randomUUID() }));

  const runner: RotationRunner = rotationRunner({
    control: () => model.rotations,
    invoke: (_lambdaArn, step) =>
      work(step).then(
        () => 'succeeded',
        () => 'failed',
      ),
    clock,
    attempts,
    retryDelayMs: 60_000,
    tell,
  });
  const model: SecretsManagerModel = secretsManagerModel({
    ...place,
    clock,
    staleReads: () => lag,
    onLabel: (moved) => told.push(labelUpdated(moved)),
    onAbandon: ({ arn, token }) => tell({ eventName: 'RotationAbandoned', arn, token }),
    onRotate(started) {
      const run = runner.run(started).finally(() => running.delete(run));
      running.add(run);
    },
  });

  const settle = async () => {
    while (running.size > 0) await Promise.all(running);
  };
  return {
    calls: model,
    lambdaArn: 'arn:aws:lambda:eu-central-1:123456789012:function:rotator',
    attempts,
    onStep: (next) => void (work = next),
    settle,
    async advance(ms) {
      await clock.sleep(ms);
      await model.rotations.startDue();
      await settle();
    },
    events: () => told,
    makeStale: (next) => void (lag = next),
  };
}

testRotationContract('Secrets Manager in memory', inMemory);
