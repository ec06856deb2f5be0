import { testRotationContract, type RotationContractUnderTest } from '@keyturn/aws/rotation-contract.conformance';
import type { RotationStep } from '@keyturn/aws/secrets-manager-steps';

import { ground } from './ground.ts';
import { labSecretsManager } from './lab-secrets-manager.ts';
import { handlerArn } from './services.ts';

type Told = ReturnType<RotationContractUnderTest['events']>[number];

/** As a world has it, in virtual time. */
function inTheLab(): RotationContractUnderTest {
  const base = ground({ faults: [] });
  const { scheduler, state } = base;
  const told: Told[] = [];
  let work: (step: RotationStep) => Promise<void> = async () => {};
  const { model } = labSecretsManager(base, {
    remembers: true,
    invoke: (step) => work(step),
    onCurrent: () => {},
    tell: (event) => told.push(event as Told),
    tellsAll: true,
  });
  // A rotation begins a second after it was asked for.
  const settle = async () => {
    do await scheduler.runUntil(scheduler.now() + 1000);
    while (scheduler.alive() > 0 || state.trails > 0);
  };
  return {
    calls: model,
    lambdaArn: handlerArn,
    attempts: 3,
    onStep: (next) => void (work = next),
    settle,
    async advance(ms) {
      await scheduler.runUntil(scheduler.now() + ms);
      await model.rotations.startDue();
      await settle();
    },
    events: () => told,
    makeStale: (lag) => void (state.stale = lag !== undefined),
  };
}

testRotationContract('Secrets Manager of the lab', inTheLab);
