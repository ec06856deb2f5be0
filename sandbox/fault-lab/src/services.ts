import { handleNotice } from '@keyturn/announcer/handle-notice';
import { parseNotice } from '@keyturn/announcer/parse-notice';
import type { Fleet } from '@keyturn/aws/fleet';
import { memoryFleet } from '@keyturn/aws/memory-fleet';
import type { SecretsManagerCalls } from '@keyturn/aws/secrets-manager-calls';
import type { RotationStep } from '@keyturn/aws/secrets-manager-steps';
import { secretStore } from '@keyturn/aws/secrets-manager-store';
import { parseOutcome, settleRotation } from '@keyturn/cleanup/settle-rotation';
import { sweepDue } from '@keyturn/cleanup/sweep-due';
import { functionNames } from '@keyturn/config/names';
import type { KeyturnEvent } from '@keyturn/events/define-event';
import { SecretRotated } from '@keyturn/events/secret-rotated';
import { onQueue } from '@keyturn/lambda/on-queue';
import { notifyOwner } from '@keyturn/notifier/notify-owner';
import { parseQueuedEvent } from '@keyturn/notifier/queued-event';
import { tellPause } from '@keyturn/notifier/tell-pause';
import { rotateSecret } from '@keyturn/rotation-handler/rotate-secret';
import { aboutRequest, parseRotationRequest } from '@keyturn/rotation-handler/rotation-request';
import { verifyCurrent } from '@keyturn/verifier/verify-current';
import { watchFleet } from '@keyturn/watchdog/watch-fleet';

import { invoked, labMetrics } from './deployed.ts';
import { account, region, startAt, timeouts, type Ground } from './ground.ts';
import { labChannels, type LabChannels } from './lab-channels.ts';
import { labConfig, minute } from './lab-config.ts';
import { labLedger, type LabLedger } from './lab-ledger.ts';
import type { LabProvider } from './lab-provider.ts';
import { labQueue, type LabQueue, type Handler } from './lab-queue.ts';
import { reachedFleet, reachedLedger, reachedProvider, reachedSecretsManager } from './reached-ports.ts';
import { wiredFunctions } from './wired-functions.ts';

type Options = {
  readonly provider: LabProvider;
  readonly secretsManager: SecretsManagerCalls;
  readonly onPublished: (event: KeyturnEvent) => void;
  /** Owners are told, too. */
  readonly notifier: boolean;
  /** Two of ours end keys of one target at the same time. */
  readonly onClash: () => void;
};

export type QueueName = 'announcer' | 'verifier' | 'cleanup' | 'notifier';

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
const sweepEveryMs = 5 * minute;

export function services(
  ground: Ground,
  { provider, secretsManager, onPublished, onClash, notifier }: Options,
): Services {
  const { scheduler, now, calls, newId, clockOf, log, ended, watch } = ground;
  const { reach } = calls;
  const published: KeyturnEvent[] = [];
  const flag = memoryFleet();
  const fleet: Fleet = {
    ...flag,
    set(to) {
      ground.state.pausedAt = to === 'paused' ? (ground.state.pausedAt ?? now()) : undefined;
      return flag.set(to);
    },
  };
  const rows = labLedger(now, (time) => sweepAt(time));
  const config = labConfig({ notifier });
  const secrets = secretStore(reachedSecretsManager(secretsManager, calls.reachAws));
  const adapters =
    watch === undefined
      ? reachedProvider(provider, { scheduler, reach, timeouts, onClash })
      : wiredFunctions(ground, provider);
  const channels = labChannels({ config, secrets, clock: clockOf('notifier'), reach });
  const bus = { publish: (event: KeyturnEvent) => reach(`publish ${event['detail-type']}`, () => emit(event)) };
  const issue = () => adapters.issue;
  const retire = () => adapters.retire;
  const common = { config, secrets, ledger: reachedLedger(rows.ledger, reach), bus, newId, log };
  const careful = { ...common, issue, retire, fleet: reachedFleet(fleet, reach) };

  const queue = (name: QueueName, handler: Handler, tries = 5) =>
    labQueue({
      name,
      timeoutMs: timeouts[name],
      visibilityMs: 6 * timeouts[name],
      tries,
      scheduler,
      calls,
      handler,
      ended,
    });
  const consumer = <Message>(
    service: QueueName,
    parse: (body: unknown) => Message,
    handle: (message: Message) => Promise<void>,
  ) =>
    onQueue({
      service,
      parse,
      handle,
      consumed: {
        deadLetter: (...all) => queues[service].consumed.deadLetter(...all),
        delay: (...all) => queues[service].consumed.delay(...all),
      },
      log,
    });

  const announcing = { ...common, clock: clockOf('announcer') };
  const verifying = { ...common, provider: issue, clock: clockOf('verifier') };
  const cleaning = { ...careful, clock: clockOf('cleanup') };
  const notifying = { ...common, ...channels.channels, clock: clockOf('notifier') };
  const queues: Record<QueueName, LabQueue> = {
    announcer: queue(
      'announcer',
      consumer('announcer', parseNotice, (notice) => handleNotice(notice, announcing)),
    ),
    verifier: queue(
      'verifier',
      consumer(
        'verifier',
        (body) => SecretRotated.parse(body),
        (rotated) => verifyCurrent(rotated, verifying),
      ),
    ),
    cleanup: queue(
      'cleanup',
      consumer('cleanup', parseOutcome, (outcome) => settleRotation(outcome, cleaning)),
    ),
    notifier: queue(
      'notifier',
      consumer('notifier', parseQueuedEvent, async (event) => {
        if (event === undefined || event.type === 'NotificationTestRequested') return;
        await (event.type === 'FleetPaused' ? tellPause(event, notifying) : notifyOwner(event, notifying));
      }),
      // Slack may be down for hours: infra/queues.yml.
      50,
    ),
  };
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
    sweep: invoked(ground, 'sweep', (_, deadline) => sweepDue(deadline, cleaning)),
    watchdog: invoked(ground, 'watchdog', (_, deadline) => watchFleet(deadline, watching)),
  };

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

  const sweeps = new Set<number>();
  // Every five minutes; a sweep that would find nothing due is left out.
  function sweepAt(time: number): void {
    const at = Math.ceil((Math.max(time, now() + 1) - startAt) / sweepEveryMs) * sweepEveryMs + startAt;
    if (sweeps.has(at)) return;
    sweeps.add(at);
    scheduler.at(at, () => {
      sweeps.delete(at);
      sweep();
    });
  }

  function sweep(): void {
    scheduler.start(
      'sweep',
      timeouts.sweep,
      () => functions.sweep(),
      (end) => {
        ended(end);
        if (rows.hasDue(now())) sweepAt(now());
      },
    );
  }

  return {
    queues,
    rows,
    fleet,
    published,
    sweep,
    channels,
    async rotate(step) {
      watch?.canary('RotationToken', step.RotationToken);
      const end = await scheduler.call('rotation-handler', timeouts['rotation-handler'], () =>
        functions.rotation(step),
      );
      ended(end);
      if (end.how !== 'returned') throw new Error('The step failed');
    },
    watch: () => scheduler.start('watchdog', timeouts.watchdog, () => functions.watchdog(), ended),
  };
}

function consumersOf(type: string): readonly QueueName[] {
  if (type === 'SecretRotated') return ['verifier', 'cleanup'];
  if (type === 'VerificationFailed') return ['cleanup'];
  return type === 'RotationFailed' ? ['announcer', 'cleanup'] : [];
}
