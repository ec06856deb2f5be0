import type { KeyturnEvent } from '@keyturn/events/define-event';
import { RotationFailed } from '@keyturn/events/rotation-failed';
import { SecretRotated } from '@keyturn/events/secret-rotated';
import { formatMark, markOf, secretHash } from '@keyturn/rotation/mark';

import type { Placed } from './calls.ts';
import { ground, type Ground, type GroundOptions } from './ground.ts';
import { labConfig, ownSecrets } from './lab-config.ts';
import type { LabProvider, LabProviderFactory } from './lab-provider.ts';
import { labSecretsManager, type LabSecretsManager } from './lab-secrets-manager.ts';
import { watchedProvider, type LeakWatch } from './leak-watch.ts';
import { oracle, type Oracle } from './oracle.ts';
import type { OracleOptions } from './oracle-options.ts';
import { handlerArn, services, type Services } from './services.ts';

export type WorldOptions = GroundOptions & {
  readonly provider: LabProviderFactory;
  /** Its first key bears our mark already. */
  readonly adopted: boolean;
  /** Owners are told, by Slack, by mail and by a webhook. */
  readonly notifier?: boolean;
  /** In the moment before a call. */
  readonly before?: (call: Placed, world: World) => void;
};

/** One secret with a hand-made key, and everything of ours around it, in virtual time. Nothing happens until time passes. */
export type World = Pick<Ground, 'scheduler' | 'calls' | 'state' | 'newId' | 'bugs'> &
  Pick<LabSecretsManager, 'model'> &
  Pick<Services, 'queues' | 'rows' | 'fleet' | 'published' | 'channels' | 'sweep' | 'watch'> & {
    readonly provider: LabProvider;
    readonly oracle: Oracle;
    readonly secret: {
      readonly arn: string;
      readonly name: string;
      readonly hash: string;
      readonly target: string;
      /** The version that it begins with. */
      readonly firstVersion: string;
    };
    /** Those that somebody made beside it, each after how many calls. */
    readonly otherSecrets: { readonly arn: string; readonly at: number }[];
    truth(): ReturnType<LabSecretsManager['model']['peek']>;
    /** The key id that a version holds. */
    keyIn(versionId: string): string | undefined;
    /** Somebody listens to every move of AWSCURRENT, and to every event of ours. */
    onMoved(hear: (versionId: string) => void): void;
    onPublished(hear: (event: KeyturnEvent) => void): void;
    /** A step of that version ended in what no retry mends. */
    onFailedForGood(hear: (versionId: string) => void): void;
    /** What a person does, all at once: nobody comes in between. */
    byHand(what: () => unknown): void;
    /** The schedule's date has come. */
    rotate(): void;
  };

type Listeners = {
  readonly moved: ((versionId: string) => void)[];
  readonly published: ((event: KeyturnEvent) => void)[];
  readonly failed: ((versionId: string) => void)[];
};

export async function world({
  provider: factory,
  adopted,
  before,
  notifier = false,
  ...options
}: WorldOptions): Promise<World> {
  const base = ground(options);
  const { scheduler, now, newId, newText, state, calls, hooks, watch, bugs } = base;
  const made = factory({ clock: { now, sleep: (ms) => scheduler.sleep(ms) }, reach: calls.reach, newText });
  const provider = watch === undefined ? made : watchedProvider(made, watch);
  const [target] = provider.targets;
  const listeners: Listeners = { moved: [], published: [], failed: [] };
  const truth: Truth = { oracle: undefined, secretArn: '' };
  const secretsManager = labSecretsManager(base, {
    remembers: options.chance !== undefined || options.faults.some(({ kind }) => kind === 'stale'),
    invoke: (step) => deployed.rotate(step),
    onCurrent: ({ arn, versionId }) => {
      if (arn !== truth.secretArn) return;
      truth.oracle?.moved(versionId, state.person ? 'person' : 'keyturn');
      tellAll(listeners.moved)(versionId);
    },
    tell: (event) => {
      watch?.hear('native events', JSON.stringify(event));
      if (truth.oracle !== undefined) deployed.queues.announcer.deliver(event);
    },
  });
  const { model } = secretsManager;
  const deployed = services(base, {
    provider,
    secretsManager: model,
    notifier,
    onClash: () => judgeClash(truth, state),
    onPublished: (event) => {
      tellAll(listeners.published)(event);
      hearEvent(event, truth, scheduler.current()?.of);
    },
    onFailedForGood: tellAll(listeners.failed),
  });

  if (notifier) await createOwnSecrets(model, watch);
  const isMarked = adopted || provider.provesPossession === false;
  const secret = await createSecret(model, provider, { target, adopted: isMarked, versionId: newId() });
  const peek = () => model.peek(secret.arn);
  const keyIn = (versionId: string) => keyOf(peek()?.versions.get(versionId));
  const judge = oracle({
    ...momentsOf(base),
    provider,
    now,
    // The id of a key beside another secret is no key: nobody can use it.
    keyIn: (versionId) => usableKeyIn(peek()?.versions.get(versionId), provider),
    pending: () => peek()?.labels.get('AWSPENDING'),
    secret,
    isOurs: (mark) => mark?.includes(`/lab/${secret.hash}/`) === true,
    holderOf: (keyId) => holderOf(keyId, self),
    isOfAnother: (mark) => self.otherSecrets.some(({ arn }) => mark?.includes(`/lab/${secretHash(arn)}/`) === true),
    givenByAnotherAt: (keyId) =>
      self.otherSecrets.find(({ arn }) => currentKeyIn(model.peek(arn), provider) === keyId)?.at,
    isOutOfReach: () => state.down.has('provider') || peek()?.deletionAt !== undefined,
  });
  const self: World = {
    scheduler,
    calls,
    state,
    newId,
    bugs,
    model,
    ...deployed,
    provider,
    oracle: judge,
    secret,
    otherSecrets: [],
    truth: peek,
    keyIn,
    ...hearing(listeners),
    byHand(what) {
      judge.tick();
      state.person = true;
      Promise.resolve(what()).catch(() => undefined);
      state.person = false;
      judge.look('person');
    },
    rotate() {
      if (peek()?.rotationEnabled === true) model.rotateSecret({ SecretId: secret.arn }).catch(() => undefined);
    },
  };
  Object.assign(truth, { oracle: judge, secretArn: secret.arn });
  hooks.before = (call) => {
    judge.tick();
    before?.(call, self);
  };
  hooks.after = () => judge.look(scheduler.current()?.of === 'retire' ? 'retire' : 'keyturn');
  judge.look('person');
  judge.moved(secret.firstVersion, 'person');
  secretsManager.tellLabel({ ...secret, label: 'AWSCURRENT', versionId: secret.firstVersion });
  return self;
}

type Moments = Pick<OracleOptions, 'calls' | 'entitledAt' | 'pausedAt' | 'at' | 'isSecretsManagerDown'>;

function momentsOf({ calls, state, scheduler }: Ground): Moments {
  return {
    calls: { ...calls, made: () => calls.made.length },
    entitledAt: () => state.entitledAt,
    pausedAt: () => state.pausedAt,
    at: (time, what) => scheduler.at(time, what),
    isSecretsManagerDown: () => state.down.has('secretsManager'),
  };
}

function hearing({ moved, published, failed }: Listeners): Pick<World, 'onMoved' | 'onPublished' | 'onFailedForGood'> {
  return {
    onMoved: (hear) => void moved.push(hear),
    onPublished: (hear) => void published.push(hear),
    onFailedForGood: (hear) => void failed.push(hear),
  };
}

function tellAll<What>(listeners: readonly ((what: What) => void)[]): (what: What) => void {
  return (what) => {
    for (const hear of listeners) hear(what);
  };
}

type Truth = { readonly oracle: Oracle | undefined; readonly secretArn: string };

// A lease stands in the ledger, and is gone with it; no last key is ended all the same.
function judgeClash({ oracle }: Truth, { ledgerLost }: Ground['state']): void {
  if (!ledgerLost) oracle?.broken('lease', 'Two of ours ended keys of one target at the same time');
}

function hearEvent(event: KeyturnEvent, { oracle, secretArn }: Truth, by: string | undefined): void {
  if (event.resources[0] !== secretArn) return;
  if (event['detail-type'] === RotationFailed.type && by === 'rotation-handler') {
    const { versionId, retryable } = RotationFailed.parse(event).data;
    if (!retryable) oracle?.failed(versionId);
  }
  if (event['detail-type'] === SecretRotated.type) oracle?.announced(SecretRotated.parse(event).data.versionId);
}

/** Those that the configuration names; nobody but the notifier and the adapter reads them. */
async function createOwnSecrets(model: LabSecretsManager['model'], watch: LeakWatch | undefined): Promise<void> {
  const { admin, slack, webhook } = watch?.own ?? { admin: 'a', slack: 'xoxb-lab', webhook: 'a key to sign with' };
  await model.createSecret({ Name: ownSecrets.admin, SecretString: admin });
  await model.createSecret({ Name: ownSecrets.slack, SecretString: slack });
  await model.createSecret({ Name: ownSecrets.webhook, SecretString: webhook });
}

type First = { readonly target: string; readonly adopted: boolean; readonly versionId: string };

async function createSecret(model: LabSecretsManager['model'], provider: LabProvider, first: First) {
  const name = 'orders/apigee';
  const { target, adopted, versionId } = first;
  const { ARN: arn = '' } = await model.createSecret({
    Name: name,
    Tags: Object.entries(tagsOf(target)).map(([Key, Value]) => ({ Key, Value })),
  });
  const mark = formatMark(markOf(arn, versionId, labConfig({ notifier: false }).stage));
  const { keyId, secret } = provider.handMade({ target, ...(adopted && { mark }) });
  const SecretString = secretText(keyId.reveal(), secret.reveal());
  await model.putSecretValue({ SecretId: arn, ClientRequestToken: versionId, SecretString });
  await model.rotateSecret({ SecretId: arn, ...rotation, RotateImmediately: false });
  return { arn, name, hash: secretHash(arn), target, firstVersion: versionId };
}

export const rotation = {
  RotationLambdaARN: handlerArn,
  RotationRules: { ScheduleExpression: 'rate(30 days)', Duration: '3h' },
} as const;

export const tagsOf = (target: string): Readonly<Record<string, string>> => ({
  'keyturn:provider': 'lab',
  'keyturn:policy': 'standard',
  'keyturn:shape': 'pair',
  'keyturn:owner': 'orders',
  'keyturn:target': target,
});

/** Stands beside the key in every text, and is nobody's business either. */
export const besideKey = 'mZ/4+t&"J%8x\\Vq3 Lh0=nY7cUo';

export const secretText = (key: string, secret: string): string =>
  JSON.stringify({ url: 'https://api.acme.example', key, secret, password: besideKey });

function usableKeyIn(text: string | undefined, provider: LabProvider): string | undefined {
  const key = keyOf(text);
  const known = provider.targets.flatMap((target) => provider.stored(target)).find(({ keyId }) => keyId === key);
  return known === undefined || text?.includes(JSON.stringify(known.secret)) === true ? key : undefined;
}

function currentKeyIn(
  truth: ReturnType<LabSecretsManager['model']['peek']>,
  provider: LabProvider,
): string | undefined {
  if (truth === undefined || truth.deletionAt !== undefined) return undefined;
  return usableKeyIn(truth.versions.get(truth.labels.get('AWSCURRENT') ?? ''), provider);
}

function holderOf(keyId: string, { model, provider, secret, otherSecrets }: World) {
  const holds = (arn: string) =>
    [...(model.peek(arn)?.versions.values() ?? [])].some((text) => usableKeyIn(text, provider) === keyId);
  if (holds(secret.arn)) return 'this-secret';
  return otherSecrets.some(({ arn }) => holds(arn)) ? 'other-secret' : undefined;
}

function keyOf(text: string | undefined): string | undefined {
  return /"key":\s?"([^"]*)"/.exec(text ?? '')?.[1];
}
