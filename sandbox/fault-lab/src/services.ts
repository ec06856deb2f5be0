import type { Fleet } from '@keyturn/aws/fleet';
import { memoryFleet } from '@keyturn/aws/memory-fleet';
import type { SecretsManagerCalls } from '@keyturn/aws/secrets-manager-calls';
import type { RotationStep } from '@keyturn/aws/secrets-manager-steps';
import { secretStore } from '@keyturn/aws/secrets-manager-store';
import { sweepDue } from '@keyturn/cleanup/sweep-due';
import { functionNames } from '@keyturn/config/names';
import type { KeyturnEvent } from '@keyturn/events/define-event';
import { PermanentError } from '@keyturn/rotation/errors';
import { rotateSecret } from '@keyturn/rotation-handler/rotate-secret';
import { aboutRequest, parseRotationRequest } from '@keyturn/rotation-handler/rotation-request';
import { watchFleet } from '@keyturn/watchdog/watch-fleet';

import { invoked, labMetrics } from './deployed.ts';
import { account, region, timeouts, type Ground } from './ground.ts';
import { labChannels, type LabChannels } from './lab-channels.ts';
import { hour, labConfig } from './lab-config.ts';
import { labLedger, type LabLedger } from './lab-ledger.ts';
import type { LabProvider } from './lab-provider.ts';
import type { LabQueue } from './lab-queue.ts';
import { labQueues, type QueueName } from './lab-queues.ts';
import { reachedFleet, reachedLedger, reachedProvider, reachedSecretsManager } from './reached-ports.ts';
import { newSweeper } from './sweeper.ts';
import { wiredFunctions } from './wired-functions.ts';

type Options = {
  readonly provider: LabProvider;
  readonly secretsManager: SecretsManagerCalls;
  readonly onPublished: (event: KeyturnEvent) => void;
  /** A step of that version ended in what no retry mends. */
  readonly onFailedForGood: (versionId: string) => void;
  /** Owners are told, too. */
  readonly notifier: boolean;
  /** Two of ours end keys of one target at the same time. */
  readonly onClash: () => void;
};

/** Everything of ours, deployed into a world. */
export type Services = {
  readonly queues: Readonly<Record<QueueName, LabQueue>>;
  readonly rows: LabLedger;
  readonly fleet: Fleet;
  readonly published: readonly KeyturnEvent[];
  readonly channels: LabChannels;
  /** One execution of the rotation function; throws where it failed. */
  rotate(step: RotationStep): Promise<void>;
  /** One sweep more, beside the one of every five minutes. */
  sweep(): void;
  /** The watchdog's hour has come. */
  watch(): void;
};

export const handlerArn = `arn:aws:lambda:${region}:${account}:function:${functionNames('lab').rotationHandler}`;

export function services(
  ground: Ground,
  { provider, secretsManager, onPublished, onFailedForGood, onClash, notifier }: Options,
): Services {
  const { scheduler, now, calls, newId, clockOf, log, ended, watch } = ground;
  const { reach } = calls;
  const published: KeyturnEvent[] = [];
  const fleet = watchedFleet(ground);
  const rows = labLedger((time) => sweeper.at(time));
  const config = labConfig({ notifier });
  const secrets = secretStore(reachedSecretsManager(secretsManager, calls.reachAws));
  const adapters =
    watch === undefined
      ? reachedProvider(provider, { scheduler, reach, timeouts, onClash, ended })
      : wiredFunctions(ground, provider);
  const channels = labChannels({ config, secrets, clock: clockOf('notifier'), reach });
  const bus = { publish: (event: KeyturnEvent) => reach(`publish ${event['detail-type']}`, () => emit(event)) };
  const issue = () => adapters.issue;
  const retire = () => adapters.retire;
  const common = { config, secrets, ledger: reachedLedger(rows.ledger, reach), bus, newId, log };
  const careful = { ...common, issue, retire, fleet: reachedFleet(fleet, reach) };

  const deps = {
    announcer: { ...common, clock: clockOf('announcer') },
    verifier: { ...common, provider: issue, clock: clockOf('verifier') },
    cleanup: { ...careful, clock: clockOf('cleanup') },
    notifier: { ...common, ...channels.channels, clock: clockOf('notifier') },
  };
  // The watchdog passes by each hour; where it would see nothing new that is left out. What the announcer never heard is new.
  const queues = labQueues(ground, deps, () => scheduler.at(now() + hour, watchNow));
  const watchNow = () => scheduler.start('watchdog', timeouts.watchdog, () => functions.watchdog(), ended);
  const rotating = {
    ...common,
    hints: queues.announcer,
    provider: issue,
    countFailure: () => 1,
    clock: clockOf('rotation-handler'),
  };
  const watching = {
    ...careful,
    clock: clockOf('watchdog'),
    announcerQueue: queues.announcer,
    cleanupQueue: queues.cleanup,
    metrics: labMetrics(ground),
  };
  const functions = {
    rotation: invoked(
      ground,
      'rotation-handler',
      (payload, deadline) =>
        rotateSecret({ request: parseRotationRequest(payload), ownArn: handlerArn, deadline }, rotating),
      aboutRequest,
    ),
    sweep: invoked(ground, 'sweep', (_, deadline) => sweepDue(deadline, deps.cleanup)),
    watchdog: invoked(ground, 'watchdog', (_, deadline) => watchFleet(deadline, watching)),
  };

  const sweeper = newSweeper(ground, { run: () => functions.sweep(), isDue: () => rows.hasDue(now()) });

  // Which fact goes to which queue: infra/rules.yml.
  function emit(event: KeyturnEvent): void {
    published.push(event);
    onPublished(event);
    const body = { version: '0', id: newId(), account, region, time: new Date(now()).toISOString(), ...event };
    watch?.hearEvent(event);
    for (const name of consumersOf(event['detail-type'])) queues[name].deliver(body);
    // There is nothing that it has nothing to say of.
    if (notifier) queues.notifier.deliver(body);
  }

  return {
    queues,
    rows,
    fleet,
    published,
    sweep: () => sweeper.now(),
    channels,
    async rotate(step) {
      watch?.canary('RotationToken', step.RotationToken);
      const end = await scheduler.call('rotation-handler', timeouts['rotation-handler'], () =>
        functions.rotation(step),
      );
      ended(end);
      if (end.how === 'threw' && end.error instanceof PermanentError) onFailedForGood(step.ClientRequestToken);
      if (end.how !== 'returned') throw new Error('The step failed');
    },
    watch: watchNow,
  };
}

/** The flag, and since when it stands. */
function watchedFleet({ state, now }: Ground): Fleet {
  const flag = memoryFleet();
  return {
    ...flag,
    set(to) {
      state.pausedAt = to === 'paused' ? (state.pausedAt ?? now()) : undefined;
      return flag.set(to);
    },
  };
}

function consumersOf(type: string): readonly QueueName[] {
  if (type === 'SecretRotated') return ['verifier', 'cleanup'];
  if (type === 'VerificationFailed') return ['cleanup'];
  return type === 'RotationFailed' ? ['announcer', 'cleanup'] : [];
}
