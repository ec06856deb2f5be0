import { handleNotice } from '@keyturn/announcer/handle-notice';
import { parseNotice } from '@keyturn/announcer/parse-notice';
import { memoryFleet } from '@keyturn/aws/memory-fleet';
import { secretsManagerModel } from '@keyturn/aws/secrets-manager-model';
import { serviceEvent } from '@keyturn/aws/secrets-manager-notices';
import type { RotationStarted } from '@keyturn/aws/secrets-manager-rotation';
import { rotationRunner } from '@keyturn/aws/secrets-manager-steps';
import { secretStore } from '@keyturn/aws/secrets-manager-store';
import { parseOutcome, settleRotation } from '@keyturn/cleanup/settle-rotation';
import { sweepDue } from '@keyturn/cleanup/sweep-due';
import { functionNames } from '@keyturn/config/names';
import type { KeyturnEvent } from '@keyturn/events/define-event';
import { SecretRotated } from '@keyturn/events/secret-rotated';
import type { Log } from '@keyturn/lambda/log';
import { onQueue } from '@keyturn/lambda/on-queue';
import { rotateSecret } from '@keyturn/rotation-handler/rotate-secret';
import { parseRotationRequest } from '@keyturn/rotation-handler/rotation-request';
import { PendingError, PermanentError, TransientError } from '@keyturn/rotation/errors';
import { secretHash } from '@keyturn/rotation/mark';
import { verifyCurrent } from '@keyturn/verifier/verify-current';

import { calls as newCalls, type Calls } from './calls.ts';
import type { Fault } from './fault.ts';
import { labConfig, minute } from './lab-config.ts';
import { labLedger } from './lab-ledger.ts';
import type { LabProviderFactory } from './lab-provider.ts';
import { labQueue, type LabQueue } from './lab-queue.ts';
import { oracle as newOracle, type Actor } from './oracle.ts';
import { reachedFleet, reachedLedger, reachedProvider, reachedSecretsManager } from './reached-ports.ts';
import { scheduler as newScheduler } from './scheduler.ts';

export const account = '123456789012';
export const region = 'eu-central-1';
export const startAt = Date.parse('2026-11-21T08:00:00Z');

const seconds = 1000;
/** How long each function may run; as serverless.yml has it. */
const timeouts = {
  'rotation-handler': 900 * seconds,
  announcer: 30 * seconds,
  verifier: 120 * seconds,
  cleanup: 120 * seconds,
  sweep: 300 * seconds,
  issue: 90 * seconds,
  retire: 90 * seconds,
};
const sweepEveryMs = 5 * minute;
const cloudTrailLagMs = 5 * minute;

export type WorldOptions = {
  readonly provider: LabProviderFactory;
  readonly faults: readonly Fault[];
  readonly latency?: (() => number) | undefined;
  /** In the moment before a call, by its number. */
  readonly before?: (number: number, world: World) => void;
  readonly log?: Log;
};

const silent: Log = { info: () => {}, warn: () => {}, error: () => {} };

/** One secret with a hand-made key, adopted, and everything of ours around it, in virtual time. Nothing happens until time passes. */
export async function world(options: WorldOptions) {
  const { log = silent } = options;
  const config = labConfig();
  const scheduler = newScheduler({ startAt, latency: options.latency });
  const now = () => scheduler.now();
  const trueClock = { now, sleep: (ms: number) => scheduler.sleep(ms) };
  let ids = 0;
  const newId = () => `00000000-0000-4000-8000-${String((ids += 1)).padStart(12, '0')}`;
  const state = { person: false, down: new Set<'provider' | 'secretsManager' | 'channels'>(), skewMs: new Map<string, number>(), stale: false };
  const published: KeyturnEvent[] = [];
  const bugs: unknown[] = [];

  const calls: Calls = newCalls({
    scheduler,
    faults: options.faults,
    before: (number) => {
      oracle.tick();
      options.before?.(number, self);
    },
    after: () => oracle.look(scheduler.current()?.of === 'retire' ? 'retire' : 'keyturn'),
    isDown: (name) =>
      (state.down.has('provider') && isProviders(name)) || (state.down.has('secretsManager') && isAws(name)),
    stale: (is) => {
      state.stale = is;
    },
  });
  const { reach } = calls;

  const needsPast = options.faults.some(({ kind }) => kind === 'stale');
  const model = secretsManagerModel({
    clock: trueClock,
    account,
    region,
    newToken: newId,
    onRotate: (started) => void scheduler.at(now() + seconds, () => runRotation(started)),
    onLabel: ({ arn, name, label, versionId }) => {
      if (label !== 'AWSCURRENT' || secret.arn === '') return;
      if (arn === secret.arn) oracle.moved(versionId, actor());
      tellLabel({ arn, name, versionId });
    },
    onAbandon: ({ arn, token, test }) => {
      if (!test) tellTrail({ eventName: 'RotationAbandoned', arn, token });
    },
    ...(needsPast && { staleReads: () => (state.stale ? { writes: 1 } : undefined) }),
  });
  const actor = (): Actor => (state.person ? 'person' : 'keyturn');
  const secret = { arn: '', name: 'orders/apigee' };

  const provider = options.provider({
    clock: { now, sleep: (ms) => scheduler.sleep(ms) },
    reach,
    newText: () => `text-${String((ids += 1)).padStart(8, '0')}`,
  });
  const [target] = provider.targets;
  const truth = () => model.peek(secret.arn);
  const keyIn = (versionId: string) => keyOf(truth()?.versions.get(versionId));
  const handlerArn = `arn:aws:lambda:${region}:${account}:function:${functionNames(config.stage).rotationHandler}`;

  const fleet = memoryFleet();
  const rows = labLedger(now, (time) => sweepAt(time));
  const ledger = reachedLedger(rows.ledger, reach);
  const secrets = secretStore(reachedSecretsManager(model, calls.reachAws));
  const bus = { publish: (event: KeyturnEvent) => reach(`publish ${event['detail-type']}`, () => emit(event)) };
  const adapters = reachedProvider(provider, { scheduler, reach, timeouts });
  const clockOf = (name: string) => ({
    now: () => now() + (state.skewMs.get(name) ?? 0),
    sleep: (ms: number) => scheduler.sleep(ms),
  });

  const common = { config, ledger, bus, newId, log };
  const queue = (name: 'announcer' | 'verifier' | 'cleanup', visibilityMs: number, handler: Parameters<typeof labQueue>[0]['handler']) =>
    labQueue({ name, timeoutMs: timeouts[name], visibilityMs, scheduler, calls: () => calls, handler });
  const queues: Record<'announcer' | 'verifier' | 'cleanup', LabQueue> = {
    announcer: queue('announcer', 180 * seconds, (event) => announcer(event)),
    verifier: queue('verifier', 720 * seconds, (event) => verifier(event)),
    cleanup: queue('cleanup', 720 * seconds, (event) => cleanup(event)),
  };
  const deps = {
    rotation: {
      ...common,
      secrets,
      hints: queues.announcer,
      clock: clockOf('rotation-handler'),
      provider: () => adapters.issue,
      countFailure: () => 1,
    },
    announcer: { ...common, secrets, clock: clockOf('announcer') },
    verifier: { ...common, secrets, clock: clockOf('verifier'), provider: () => adapters.issue },
    cleanup: {
      ...common,
      secrets,
      clock: clockOf('cleanup'),
      fleet: reachedFleet(fleet, reach),
      issue: () => adapters.issue,
      retire: () => adapters.retire,
    },
  };
  const announcer = onQueue({
    service: 'announcer',
    parse: parseNotice,
    handle: (notice) => handleNotice(notice, deps.announcer),
    consumed: queues.announcer.consumed,
    log,
  });
  const verifier = onQueue({
    service: 'verifier',
    parse: (body) => SecretRotated.parse(body),
    handle: (rotated) => verifyCurrent(rotated, deps.verifier),
    consumed: queues.verifier.consumed,
    log,
  });
  const cleanup = onQueue({
    service: 'cleanup',
    parse: parseOutcome,
    handle: (outcome) => settleRotation(outcome, deps.cleanup),
    consumed: queues.cleanup.consumed,
    log,
  });

  // Which fact goes to which queue: infra/rules.yml.
  function emit(event: KeyturnEvent): void {
    published.push(event);
    const type = event['detail-type'];
    const body = { version: '0', id: newId(), account, region, time: new Date(now()).toISOString(), ...event };
    if (type === 'SecretRotated') {
      const { secretArn, versionId } = SecretRotated.parse(event).data;
      if (secretArn === secret.arn) oracle.announced(versionId);
      queues.verifier.deliver(body);
      queues.cleanup.deliver(body);
    }
    if (type === 'RotationFailed') {
      queues.announcer.deliver(body);
      queues.cleanup.deliver(body);
    }
  }

  function tellLabel({ arn, name, versionId }: { arn: string; name: string; versionId: string }): void {
    queues.announcer.deliver({
      version: '0',
      id: newId(),
      time: new Date(now()).toISOString(),
      source: 'aws.secretsmanager',
      'detail-type': 'Secret Label Updated',
      resources: [arn],
      detail: { name, labelUpdated: 'AWSCURRENT', versionId },
    });
  }

  function tellTrail(notice: Parameters<typeof serviceEvent>[0]): void {
    if (!['RotationFailed', 'RotationAbandoned', 'TestRotationFailed'].includes(notice.eventName)) return;
    const event = { ...serviceEvent(notice, { account, region, now: now(), eventId: newId() }), time: new Date(now()).toISOString() };
    scheduler.at(now() + cloudTrailLagMs, () => queues.announcer.deliver(event));
  }

  const running = new Set<string>();
  function runRotation(started: RotationStarted): void {
    if (running.has(started.token)) return;
    running.add(started.token);
    const runner = rotationRunner({
      control: () => model.rotations,
      invoke: (_, step) => invokeStep(step),
      clock: trueClock,
      attempts: 3,
      retryDelayMs: 20 * minute,
      tell: tellTrail,
    });
    scheduler.start('secrets-manager', Infinity, () => runner.run(started), (end) => {
      running.delete(started.token);
      if (end.how === 'threw') bugs.push(end.error);
    });
  }

  async function invokeStep(step: { readonly Step: string }): Promise<'succeeded' | 'failed'> {
    try {
      await reach(`step ${step.Step}`, async () => {
        const end = await scheduler.call('rotation-handler', timeouts['rotation-handler'], () => {
          const deadline = now() + timeouts['rotation-handler'];
          return rotateSecret({ request: parseRotationRequest(step), ownArn: handlerArn, deadline }, deps.rotation);
        });
        if (end.how !== 'returned') throw new Error('The step failed');
      });
      return 'succeeded';
    } catch {
      return 'failed';
    }
  }

  const sweeps = new Set<number>();
  function sweepAt(time: number): void {
    const at = Math.ceil((Math.max(time, now() + 1) - startAt) / sweepEveryMs) * sweepEveryMs + startAt;
    if (sweeps.has(at)) return;
    sweeps.add(at);
    scheduler.at(at, () => {
      sweeps.delete(at);
      const again = () => {
        if (rows.hasDue(now())) sweepAt(now());
      };
      scheduler.start('sweep', timeouts.sweep, () => sweepDue(now() + timeouts.sweep, deps.cleanup), (end) => {
        if (end.how === 'threw' && !isOurs(end.error)) bugs.push(end.error);
        again();
      });
    });
  }

  const handMade = provider.handMade({ target });
  
  const created = await model.createSecret({
    Name: secret.name,
    SecretString: secretText(handMade.keyId.reveal(), handMade.secret.reveal()),
    Tags: Object.entries(tagsOf(target)).map(([Key, Value]) => ({ Key, Value })),
  });
  secret.arn = created.ARN ?? '';
  const oracle = newOracle({
    provider,
    now,
    keyIn,
    pending: () => truth()?.labels.get('AWSPENDING'),
    secretHash: secretHash(secret.arn),
    target,
    at: (time, what) => scheduler.at(time, what),
    isSecretsManagerDown: () => state.down.has('secretsManager'),
  });
  oracle.look('person');
  oracle.moved(created.VersionId ?? '', 'person');
  await model.rotateSecret({
    SecretId: secret.arn,
    RotationLambdaARN: handlerArn,
    RotationRules: { ScheduleExpression: 'rate(30 days)', Duration: '3h' },
    RotateImmediately: false,
  });

  const self = {
    scheduler,
    calls,
    model,
    provider,
    target,
    secret,
    handlerArn,
    hash: secretHash(secret.arn),
    oracle,
    queues,
    fleet,
    rows,
    state,
    published,
    bugs,
    truth,
    keyIn,
    newId,
    tellLabel,
    /** What a person does, all at once: nobody comes in between. */
    byHand(what: () => unknown): void {
      oracle.tick();
      state.person = true;
      Promise.resolve(what()).catch(() => undefined);
      state.person = false;
      oracle.look('person');
    },
    /** The schedule's date has come. */
    rotate(): void {
      if (truth()?.rotationEnabled !== true) return;
      model.rotateSecret({ SecretId: secret.arn }).catch(() => undefined);
    },
  };
  tellLabel({ ...secret, versionId: created.VersionId ?? '' });
  return self;
}
export type World = Awaited<ReturnType<typeof world>>;

export const tagsOf = (target: string): Readonly<Record<string, string>> => ({
  'keyturn:provider': 'lab',
  'keyturn:policy': 'standard',
  'keyturn:shape': 'pair',
  'keyturn:owner': 'orders',
  'keyturn:target': target,
});

export const secretText = (key: string, secret: string): string => JSON.stringify({ url: 'https://api.acme.example', key, secret });

function keyOf(text: string | undefined): string | undefined {
  const found = /"key":\s?"([^"]*)"/.exec(text ?? '');
  return found?.[1];
}

const isOurs = (error: unknown) =>
  error instanceof TransientError || error instanceof PendingError || error instanceof PermanentError;
const isProviders = (name: string) => /^(invoke |provider |apigee |gateway )/.test(name);
const isAws = (name: string) => /^secretsManager /.test(name);
