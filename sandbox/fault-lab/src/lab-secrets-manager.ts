import { secretsManagerModel, type SecretsManagerModel } from '@keyturn/aws/secrets-manager-model';
import { labelUpdated, serviceEvent, type RotationNotice } from '@keyturn/aws/secrets-manager-notices';
import type { RotationStarted } from '@keyturn/aws/secrets-manager-rotation';
import { rotationRunner, type RotationStep } from '@keyturn/aws/secrets-manager-steps';
import type { LabelMoved } from '@keyturn/aws/secrets-manager-vault';

import { account, region, type Ground } from './ground.ts';
import { minute } from './lab-config.ts';

type Options = {
  /** Some reads will have to answer what was so before. */
  readonly remembers: boolean;
  /** One execution of the rotation function; throws where it failed. */
  readonly invoke: (step: RotationStep) => Promise<void>;
  /** AWSCURRENT moved. */
  readonly onCurrent: (moved: LabelMoved) => void;
  /** What Secrets Manager and CloudTrail tell, as EventBridge delivers it. */
  readonly tell: (event: object) => void;
  /** Also what no rule of ours passes on, which only costs time. */
  readonly tellsAll?: boolean;
};

export type LabSecretsManager = {
  readonly model: SecretsManagerModel;
  /** Tells that a label moved, also for a move that was made before anybody listened. */
  tellLabel(moved: LabelMoved): void;
};

const noticedMs = 1000;
const cloudTrailLagMs = 5 * minute;
const told: ReadonlySet<RotationNotice['eventName']> = new Set([
  'RotationFailed',
  'RotationAbandoned',
  'TestRotationFailed',
]);

/** Secrets Manager in virtual time: the model, its four steps with their retries, and what it tells. */
export function labSecretsManager(ground: Ground, options: Options): LabSecretsManager {
  const { remembers, invoke, onCurrent, tell, tellsAll = false } = options;
  const { scheduler, now, newId, state, calls, ended } = ground;
  const running = new Set<string>();

  const model = secretsManagerModel({
    clock: { now, sleep: (ms) => scheduler.sleep(ms) },
    account,
    region,
    newToken: newId,
    onRotate: (started) => scheduler.at(now() + noticedMs, () => run(started)),
    onLabel: (moved) => {
      if (moved.label === 'AWSCURRENT') onCurrent(moved);
      if (moved.label === 'AWSCURRENT' || tellsAll) tellLabel(moved);
    },
    onAbandon: ({ arn, token, test }) => {
      if (!test) tellTrail({ eventName: 'RotationAbandoned', arn, token });
    },
    ...(remembers && { staleReads: () => (state.stale ? { writes: 1 } : undefined) }),
  });

  const delivered = () => ({ version: '0', id: newId(), time: new Date(now()).toISOString() });
  function tellLabel(moved: LabelMoved): void {
    tell({ ...delivered(), ...labelUpdated(moved) });
  }

  function tellTrail(notice: RotationNotice): void {
    if (!tellsAll && !told.has(notice.eventName)) return;
    const event = { ...delivered(), ...serviceEvent(notice, { account, region, now: now(), eventId: newId() }) };
    state.trails += 1;
    scheduler.at(now() + cloudTrailLagMs, () => {
      state.trails -= 1;
      tell(event);
    });
  }

  // A process of its own: Secrets Manager may stop trying at any time, for nobody knows how often it does (C2).
  function run(started: RotationStarted): void {
    if (running.has(started.token)) return;
    running.add(started.token);
    const runner = rotationRunner({
      control: () => model.rotations,
      invoke: async (_, step) => {
        try {
          await calls.reach(`step ${step.Step}`, () => invoke(step));
          return 'succeeded';
        } catch {
          return 'failed';
        }
      },
      clock: { sleep: (ms) => scheduler.sleep(ms) },
      attempts: 3,
      retryDelayMs: 20 * minute,
      tell: tellTrail,
    });
    scheduler.start(
      'secrets-manager',
      Infinity,
      () => runner.run(started),
      (end) => {
        running.delete(started.token);
        ended(end);
      },
    );
  }

  return { model, tellLabel };
}
