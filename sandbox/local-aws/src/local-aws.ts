import type { StaleReads } from '@keyturn/aws/secrets-manager-history';
import { secretsManagerModel, type SecretsManagerModel } from '@keyturn/aws/secrets-manager-model';
import { labelUpdated, serviceEvent, type RotationNotice } from '@keyturn/aws/secrets-manager-notices';
import { rotationRunner, type RotationRunner } from '@keyturn/aws/secrets-manager-steps';
import type { Clock } from '@keyturn/rotation/clock';

import type { Place } from './arn.ts';
import { background, type Background } from './background.ts';
import { cloudTrail } from './cloud-trail.ts';
import { dynamo } from './dynamo.ts';
import { eventArchives, type Archives } from './event-archives.ts';
import { eventBridge } from './event-bridge-api.ts';
import { eventBuses, type EventBuses, type EventEnvelope } from './event-bridge.ts';
import { eventDelivery, type Delivery } from './event-delivery.ts';
import { eventSourceMappings, type EventSourceMappings, type Mapping } from './event-source-mappings.ts';
import { lambdaApi } from './lambda-api.ts';
import { lambda, type Functions } from './lambda.ts';
import { secretsManager } from './secrets-manager.ts';
import { serve } from './server.ts';
import { ses, type Mailbox } from './ses.ts';
import { sqsQueues, type Queues } from './sqs-queues.ts';
import { sqs } from './sqs.ts';
import { ssm } from './ssm.ts';

export type LocalAwsOptions = {
  /** A free one by default. */
  readonly port?: number;
  readonly clock?: Clock;
  readonly account?: string;
  readonly region?: string;
  /** Plays the rotation schedules of secrets that many times faster. */
  readonly scheduleSpeed?: number;
  /** Fires rules of `rate(5 minutes)` that often, and others with a rate() in proportion. */
  readonly sweepEveryMs?: number;
  /** How often Secrets Manager tries a rotation that fails, and how long it waits in between. */
  readonly rotationAttempts?: number;
  readonly rotationRetryDelayMs?: number;
  /** Which reads of secrets answer what was true a moment ago. None by default. */
  readonly staleReads?: StaleReads;
  /** Before the tries after the first of an asynchronous invocation. */
  readonly asyncRetryDelaysMs?: readonly number[];
  /** Before EventBridge's first retry; then twice as long each time. */
  readonly deliveryRetryDelayMs?: number;
  /** Hears of what is wrong with local-aws itself. */
  readonly onBug?: (error: unknown) => void;
};

export type LocalAws = Place & {
  readonly url: string;
  readonly port: number;
  readonly functions: Functions;
  readonly mappings: EventSourceMappings;
  readonly queues: Queues;
  readonly buses: EventBuses;
  readonly archives: Archives;
  readonly delivery: Delivery;
  readonly mailbox: Mailbox;
  readonly secrets: SecretsManagerModel;
  /** Every event that was put on a bus, in order. */
  readonly events: readonly (EventEnvelope & { readonly bus: string })[];
  /** What an SDK client, or a process that builds one, needs. */
  readonly environment: Readonly<Record<string, string>>;
  /** Resolves when nothing is under way: no rotation, delivery or invocation, and no message that a function would get. */
  idle(): Promise<void>;
  close(): Promise<void>;
};

const wallClock: Clock = {
  now: () => Date.now(),
  sleep: (ms) => new Promise((resolve) => setTimeout(resolve, ms)),
};

/** An AWS in this process, on loopback: exactly the operations that Keyturn uses. It knows no IAM identities. */
export async function localAws(options: LocalAwsOptions = {}): Promise<LocalAws> {
  const place = { account: options.account ?? '123456789012', region: options.region ?? 'eu-central-1' };
  const clock = options.clock ?? wallClock;
  const onBug = options.onBug ?? ((error) => console.error('local-aws:', error));
  const tasks = background(onBug);
  const core = wire(options, { place, clock, tasks });
  const email = ses(clock);

  const server = await serve(
    {
      json: {
        secretsmanager: secretsManager(core.secrets),
        AmazonSQS: sqs({ queues: core.queues, background: tasks, nextMessage: core.nextMessage }),
        AWSEvents: eventBridge(core.buses, core.archives),
        AmazonSSM: ssm({ place, clock }),
        CloudTrail_20131101: cloudTrail(place),
      },
      rest: [...lambdaApi(core.functions, core.mappings), ...email.routes],
      dynamo: dynamo().handle,
      onBug,
    },
    options.port ?? 0,
  );
  core.listen(server.url);
  tasks.every(25, async () => {
    core.buses.fireDue();
    await core.secrets.rotations.startDue();
    core.mappings.poll();
  });

  const { listen: _listen, nextMessage: _nextMessage, ...api } = core;
  return {
    ...place,
    ...api,
    url: server.url,
    port: server.port,
    mailbox: email.mailbox,
    environment: {
      AWS_ENDPOINT_URL: server.url,
      AWS_REGION: place.region,
      AWS_DEFAULT_REGION: place.region,
      AWS_ACCESS_KEY_ID: 'local',
      AWS_SECRET_ACCESS_KEY: 'local',
    },
    async idle() {
      const isFed = ({ queueArn }: Mapping) => (core.queues.findByArn(queueArn)?.counts().visible ?? 0) > 0;
      do await tasks.sleep(30);
      while (tasks.pending() > 0 || core.mappings.list().some(isFed));
    },
    async close() {
      await tasks.close();
      await server.close();
    },
  };
}

type Base = { readonly place: Place; readonly clock: Clock; readonly tasks: Background };

/** The services know each other: rotations tell events, events reach queues, queues feed functions. */
function wire(options: LocalAwsOptions, { place, clock, tasks }: Base) {
  let url = '';
  let messageCame = Promise.withResolvers<void>();
  const events: (EventEnvelope & { bus: string })[] = [];

  const onMessage = () => {
    messageCame.resolve();
    messageCame = Promise.withResolvers<void>();
    tasks.run(async () => mappings.poll());
  };
  const nextMessage = () => Promise.race([messageCame.promise, tasks.sleep(50).catch(() => {})]);

  const functions = lambda({
    place,
    clock,
    background: tasks,
    asyncRetryDelaysMs: options.asyncRetryDelaysMs ?? [1000, 2000],
    onFailure: (queueArn, record) => void queues.findByArn(queueArn)?.send({ body: JSON.stringify(record) }),
  });
  const queues = sqsQueues({ place, clock, url: () => url, onMessage });
  const mappings = eventSourceMappings({ place, functions, queues, background: tasks });
  const archives = eventArchives({ place, clock, background: tasks, buses: () => buses });
  const buses: EventBuses = eventBuses({
    place,
    clock,
    sweepEveryMs: options.sweepEveryMs,
    delivery: () => delivery,
    onEvent(bus, event) {
      events.push({ ...event, bus: bus.name });
      archives.keep(bus, event);
    },
  });
  const delivery: Delivery = eventDelivery({
    functions,
    queues,
    background: tasks,
    retryDelayMs: options.deliveryRetryDelayMs ?? 200,
    forward(busArn, event) {
      if (!buses.has(busArn)) return false;
      buses.forward(buses.find(busArn), event);
      return true;
    },
  });

  const secrets = rotating(options, { place, clock, tasks }, functions, buses);
  const listen = (listening: string) => void (url = listening);
  return {
    functions,
    mappings,
    queues,
    buses,
    archives,
    delivery,
    secrets,
    events,
    listen,
    nextMessage,
  };
}

const secretsManagerPrincipal = 'secretsmanager.amazonaws.com';

function rotating(options: LocalAwsOptions, { place, clock, tasks }: Base, functions: Functions, buses: EventBuses) {
  const tell = (notice: RotationNotice) => {
    const event = serviceEvent(notice, { ...place, now: clock.now(), eventId: crypto.randomUUID() });
    buses.put(buses.find('default'), event);
  };
  const mayInvoke = (lambdaArn: string, secretArn: string) =>
    functions.mayInvoke(lambdaArn, { principal: secretsManagerPrincipal, sourceArn: secretArn });
  const runner: RotationRunner = rotationRunner({
    control: () => secrets.rotations,
    async invoke(lambdaArn, step) {
      if (!mayInvoke(lambdaArn, step.SecretId)) return 'failed';
      return (await functions.invoke(functions.find(lambdaArn), step)).failed ? 'failed' : 'succeeded';
    },
    clock: { sleep: (ms) => tasks.sleep(ms) },
    attempts: options.rotationAttempts ?? 5,
    retryDelayMs: options.rotationRetryDelayMs ?? 2000,
    tell,
  });
  const secrets: SecretsManagerModel = secretsManagerModel({
    ...place,
    clock,
    scheduleSpeed: options.scheduleSpeed,
    staleReads: options.staleReads,
    onLabel: (moved) => void buses.put(buses.find('default'), labelUpdated(moved)),
    onRotate: (started) => tasks.run(() => runner.run(started)),
    onAbandon: ({ arn, token }) => tell({ eventName: 'RotationAbandoned', arn, token }),
    mayInvoke,
  });

  return secrets;
}
