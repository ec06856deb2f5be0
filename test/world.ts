import { announcementKey, nextNumber, readAnnouncement } from '@keyturn/aws/announcement';
import { memoryBus } from '@keyturn/aws/memory-bus';
import { memoryFleet } from '@keyturn/aws/memory-fleet';
import { memoryLedger } from '@keyturn/aws/memory-ledger';
import { memoryQueue } from '@keyturn/aws/memory-queue';
import { secretsManagerModel } from '@keyturn/aws/secrets-manager-model';
import { secretStore } from '@keyturn/aws/secrets-manager-store';
import { parseConfig } from '@keyturn/config/parse-config';
import type { MemoryLack } from '@keyturn/credential-provider/memory-parts';
import type { MemoryNode } from '@keyturn/credential-provider/memory-gateway';
import { memoryProvider } from '@keyturn/credential-provider/memory-provider';
import { memoryLog } from '@keyturn/lambda/memory-log';
import type { Credential } from '@keyturn/rotation/credential';
import { hidden } from '@keyturn/rotation/hidden';
import { formatMark, markOf } from '@keyturn/rotation/mark';
import { readCredential } from '@keyturn/rotation/shape';

const account = '123456789012';
const region = 'eu-central-1';
const handlerArn = `arn:aws:lambda:${region}:${account}:function:keyturn-test-rotation-handler`;

export const minute = 60_000;
export const hour = 60 * minute;
export const day = 24 * hour;

const configText = `
stage: test
providers:
  apigee:
    kind: apigee
    organization: acme
    adminSecret: keyturn/apigee-admin
    propagation: 30s
    revocation: 3m
shapes:
  pair: { keyId: /key, secret: /secret }
  header: { keyId: /key, secret: /secret, derived: { /auth: 'Basic {basic}' } }
  env: { lines: ['KEY={keyId}', 'SECRET={secret}'] }
  header-alone: { derived: { /authorization: 'Basic {basic}' } }
  header-text: { text: 'Basic {basic}' }
readers:
  cached: { refresh: 1h, staleOnError: 1h }
  shop: { refresh: 1h, acknowledges: { accounts: ['444455556666'], lapse: 40d } }
  billing: { refresh: 1h, acknowledges: { accounts: ['777788889999', '444455556666'], lapse: 40d } }
policies:
  standard: { grace: 24h, soak: 7d, accepts: 3, schedule: rate(30 days), readers: [cached] }
  observed: { grace: 24h, soak: 7d, accepts: 3, schedule: rate(30 days), readers: [cached], retirement: observe }
  approved: { grace: 24h, soak: 7d, accepts: 3, schedule: rate(30 days), readers: [cached], retirement: approve }
  first: { grace: 24h, soak: 7d, accepts: 3, schedule: rate(30 days), readers: [cached], entitlements: [read] }
  trusting: { grace: 24h, soak: 7d, accepts: 3, schedule: rate(30 days), readers: [cached], verification: controlPlane }
  idle: { grace: 24h, soak: 7d, accepts: 3, schedule: rate(30 days), readers: [cached], unusedFor: 36h, maxGrace: 4d }
  forceful: { grace: 24h, soak: 7d, accepts: 3, schedule: rate(30 days), readers: [cached], unusedFor: 36h, maxGrace: 4d, afterMaxGrace: force }
  replacing: { grace: 0s, acceptOutage: true, soak: 7d, accepts: 3, schedule: cron(0 8 ? * SAT *), window: 2h, readers: [cached] }
  told: { grace: 24h, soak: 7d, accepts: 3, schedule: rate(30 days), readers: [cached, shop, billing], maxGrace: 4d }
  told-forceful: { grace: 24h, soak: 7d, accepts: 3, schedule: rate(30 days), readers: [shop], maxGrace: 4d, afterMaxGrace: force }
  patient: { grace: 24h, soak: 7d, accepts: 3, holdOff: 30m, schedule: rate(30 days), readers: [cached] }
routes:
  default: { mail: [platform@acme.example] }
  orders: { mail: [orders@acme.example] }
notifications: { mail: { from: keyturn@acme.example } }
runbooks: https://runbooks.acme.example
timing: { toleratedSkew: 5m, eventLag: 5m, orphanMinAge: 1h, holdRetry: 1h }
`;

/**
 * One secret with a hand-made key, and everything the services need, in memory and by a clock that only moves when somebody sleeps or `pass`
 * is called. Nothing runs by itself: a test calls the use cases, in the order it wants.
 */
export async function world(
  options: {
    mode?: 'chosen' | 'generated';
    tags?: Record<string, string>;
    overlap?: 'none';
    replaced?: 'gone';
    nodes?: readonly MemoryNode[];
    lacks?: readonly MemoryLack[];
    tellsSecret?: boolean;
  } = {},
) {
  let time = Date.parse('2026-11-21T08:00:00Z');
  const clock = {
    now: () => time,
    sleep: async (ms: number) => {
      time += ms;
    },
  };
  let ids = 0;
  const newId = () => `00000000-0000-4000-8000-${String((ids += 1)).padStart(12, '0')}`;
  const started: string[] = [];
  const labelEvents: unknown[] = [];
  const model = secretsManagerModel({
    clock,
    account,
    region,
    onRotate: ({ token }) => void started.push(token),
    onLabel: ({ arn, name, label: labelUpdated, versionId }) => {
      const detail = { name, labelUpdated, versionId };
      labelEvents.push({
        time: new Date(clock.now()).toISOString(),
        source: 'aws.secretsmanager',
        'detail-type': 'Secret Label Updated',
        resources: [arn],
        detail,
      });
    },
  });
  const config = parseConfig(configText);
  const { mode = 'chosen', overlap, replaced, nodes, lacks, tellsSecret } = options;
  const provider = memoryProvider({
    mode,
    overlap,
    replaced,
    ...(nodes && { nodes }),
    ...(lacks && { lacks }),
    ...(tellsSecret !== undefined && { tellsSecret }),
    clock,
    targets: ['orders-app', 'other-app'],
  });
  const secrets = secretStore(model);
  const ledger = memoryLedger();
  const bus = memoryBus();
  const hints = memoryQueue();
  const fleet = memoryFleet();
  const log = memoryLog();

  const target = options.tags?.['keyturn:target'] ?? 'orders-app';
  const handMade = provider.handMade({ target: 'orders-app', entitlements: ['read', 'write'] });
  const text = secretText(handMade);
  const tags = {
    'keyturn:provider': 'apigee',
    'keyturn:policy': 'standard',
    'keyturn:shape': 'pair',
    'keyturn:owner': 'orders',
    'keyturn:target': target,
    ...options.tags,
  };
  const { ARN: arn = '', VersionId: firstVersion = '' } = await model.createSecret({
    Name: 'orders/apigee',
    SecretString: text,
    Tags: Object.entries(tags).map(([Key, Value]) => ({ Key, Value })),
  });
  await model.rotateSecret({
    SecretId: arn,
    RotationLambdaARN: handlerArn,
    RotationRules: { ScheduleExpression: 'rate(30 days)' },
    RotateImmediately: false,
  });
  const preflight = started.pop() ?? '';
  model.rotations.ended({ arn, token: preflight, succeeded: true });

  const common = { config, secrets, ledger, bus, clock, newId, log };
  return {
    ...common,
    model,
    provider,
    hints,
    /** What Secrets Manager tells by itself, in the order it happened. */
    labelEvents,
    fleet,
    arn,
    firstVersion,
    handMade,
    handlerArn,
    preflight,
    /** Token by token what Secrets Manager had its function do, a rotation that is tried again included. */
    started,
    rotation: { ...common, hints, provider: () => provider, countFailure: () => 1 },
    announcer: common,
    verifier: { ...common, provider: () => provider },
    cleanup: { ...common, fleet, issue: () => provider, retire: () => provider },
    pass: (ms: number) => {
      time += ms;
    },
    mark: (versionId: string) => formatMark(markOf(arn, versionId, 'test')),
    /** Secrets Manager begins a rotation: an empty pending version with a token. */
    begin: async () => {
      await model.rotateSecret({ SecretId: arn });
      return started.at(-1) ?? '';
    },
    labels: async (versionId: string) => (await secrets.describe(arn)).stages.get(versionId) ?? [],
    /** The credential in a version, or the current one. */
    credentialIn: async (versionId?: string): Promise<Credential> => {
      const version = await secrets.value(arn, versionId === undefined ? { stage: 'AWSCURRENT' } : { versionId });
      const read = readCredential(
        { id: 'pair', keyId: '/key', secret: '/secret' },
        version ?? { text: hidden('{"key":"","secret":""}') },
      );
      if (read === undefined) throw new Error('no credential in that version');
      return read;
    },
    paste: async (value: Credential | string) => {
      const { VersionId = '' } = await model.putSecretValue({
        SecretId: arn,
        SecretString: typeof value === 'string' ? value : secretText(value),
      });
      return VersionId;
    },
    /** The announcer has seen the secret as it is now, and told of it: as in its row of the ledger. */
    async seen() {
      const description = await secrets.describe(arn).catch(() => undefined);
      if (description === undefined) return;
      const labelled = (label: string) => [...description.stages].find(([, labels]) => labels.includes(label))?.[0];
      const known = await readAnnouncement(ledger, arn);
      const n = known?.value.n ?? nextNumber(0, time);
      const row = { secretArn: arn, secretName: 'orders/apigee', provider: 'apigee', target, n, announced: n };
      const place = {
        currentVersionId: labelled('AWSCURRENT') ?? '',
        previousVersionId: labelled('AWSPREVIOUS') ?? null,
      };
      const changedAt = description.changedAt ?? null;
      const seen = { ...row, ...place, since: time, cause: 'manual', ...known?.value, ...place, changedAt };
      await ledger.write(announcementKey(arn), seen, known?.rev ?? 0);
    },
    /** What the provider stores for the target: fingerprint → state. */
    keys: () => new Map(provider.stored(target).map((key) => [key.keyId, key.enabled ? 'enabled' : 'disabled'])),
    events: (type?: string) => bus.published.filter((event) => type === undefined || event['detail-type'] === type),
  };
}

export type World = Awaited<ReturnType<typeof world>>;

export function secretText({ keyId, secret }: Credential): string {
  return `{ "url": "https://api.acme.example", "key": "${keyId.reveal()}",\n  "secret": "${secret.reveal()}" }`;
}

export const steps = ['createSecret', 'setSecret', 'testSecret', 'finishSecret'] as const;
