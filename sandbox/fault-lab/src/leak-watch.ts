import { createHash } from 'node:crypto';

import { leakSearch } from '@keyturn/aws/leak-search';
import { renderings } from '@keyturn/aws/renderings';
import type { KeyturnEvent } from '@keyturn/events/define-event';

import type { LabProvider } from './lab-provider.ts';

/** Places that others read than the applications and the adapter. */
export const sinks = [
  'log lines',
  'events',
  'idempotency keys',
  'native events',
  'queues',
  'dead letters',
  'errors',
  'answers',
  'metrics',
  'ledger',
  'secrets as described',
  'marks',
  'Slack',
  'mails',
  'webhooks',
  'URLs',
  'function names',
] as const;
export type Sink = (typeof sinks)[number];

/** What must be in none of them, by kind. */
export const canaryKinds = [
  'key id or secret of a credential',
  'text beside the key',
  'admin secret',
  'RotationToken',
  'Slack token',
  'webhook secret',
] as const;
export type CanaryKind = (typeof canaryKinds)[number];

export type FoundLeak = { readonly sink: Sink; readonly secret: string; readonly form: string };

/** Knows every secret of one world, and hears everything that others may read. */
export type LeakWatch = {
  /** Texts like real keys, and ids that hold nothing in common; the same in every run of a seed. Each text is a canary. */
  readonly newText: () => string;
  readonly newId: () => string;
  /** Secrets of Keyturn itself. */
  readonly own: { readonly admin: string; readonly slack: string; readonly webhook: string };
  canary(kind: CanaryKind, secret: string): void;
  /** What others may quote in what they answer: a secret of ours, and the newest text. */
  readonly quoted: () => string;
  hear(sink: Sink, text: string): void;
  hearEvent(event: KeyturnEvent): void;
  hearError(error: unknown): void;
  /** Whatever is printed meanwhile is a log line. */
  listen<T>(run: () => Promise<T>): Promise<T>;
  /** One for each sink and secret. */
  leaks(): readonly FoundLeak[];
  /** How many different texts each sink heard, and how many canaries of each kind there were. */
  counts(): LeakCounts;
};

export type LeakCounts = {
  readonly sinks: Readonly<Record<Sink, number>>;
  readonly canaries: Readonly<Record<CanaryKind, number>>;
};

/** So many characters in a row of a secret are a leak: JSON.parse quotes ten of what it cannot read. The form of a UUID gives some of its own away. */
const fragmentOf = (kind: CanaryKind) => (kind === 'RotationToken' ? 12 : 10);

export function leakWatch(seed: number): LeakWatch {
  const random = randomBytes(seed);
  const heard = new Map<Sink, Set<string>>(sinks.map((sink) => [sink, new Set()]));
  const canaries = new Map<CanaryKind, Set<string>>(canaryKinds.map((kind) => [kind, new Set()]));
  const canary = (kind: CanaryKind, secret: string) => void canaries.get(kind)?.add(secret);
  const hear = (sink: Sink, text: string) => void heard.get(sink)?.add(text);
  const own = {
    admin: random(30).toString('base64'),
    slack: `xoxb-${random(30).toString('base64url')}`,
    webhook: random(30).toString('base64'),
  };
  canary('admin secret', own.admin);
  canary('Slack token', own.slack);
  canary('webhook secret', own.webhook);
  let newest = '';
  return {
    own,
    quoted: () => `${own.admin} ${newest}`,
    newText() {
      newest = random(24).toString('base64url');
      canary('key id or secret of a credential', newest);
      return newest;
    },
    newId() {
      const hex = random(16).toString('hex');
      return [hex.slice(0, 8), hex.slice(8, 12), `4${hex.slice(13, 16)}`, `8${hex.slice(17, 20)}`, hex.slice(20)].join(
        '-',
      );
    },
    canary,
    hear,
    hearEvent(event) {
      hear('events', JSON.stringify(event));
      hear('idempotency keys', event.detail.metadata.idempotencyKey);
    },
    hearError: (error) => hear('errors', renderings(error)),
    listen: (run) => printedBy(run, (line) => hear('log lines', line)),
    leaks() {
      const search = leakSearch();
      for (const [kind, secrets] of canaries) for (const secret of secrets) search.add(kind, secret, fragmentOf(kind));
      const found = new Map<string, FoundLeak>();
      for (const [sink, texts] of heard) {
        for (const text of texts) {
          const leak = search.find(text);
          if (leak !== undefined) found.set(`${sink} ${leak.secret}`, { sink, ...leak });
        }
      }
      return [...found.values()];
    },
    counts: () => ({
      sinks: countsOf(sinks, (sink) => heard.get(sink)?.size ?? 0),
      canaries: countsOf(canaryKinds, (kind) => canaries.get(kind)?.size ?? 0),
    }),
  };
}

async function printedBy<T>(run: () => Promise<T>, hear: (text: string) => void): Promise<T> {
  const restores = [process.stdout, process.stderr].map((stream) => {
    const write = stream.write.bind(stream);
    stream.write = (chunk: unknown) => {
      hear(String(chunk));
      return true;
    };
    return () => {
      stream.write = write;
    };
  });
  try {
    return await run();
  } finally {
    for (const restore of restores) restore();
  }
}

/** The provider, of whose keys everybody may see what else stands on them. */
export function watchedProvider(provider: LabProvider, watch: LeakWatch): LabProvider {
  return {
    ...provider,
    stored(target) {
      const keys = provider.stored(target);
      for (const { mark, entitlements } of keys) watch.hear('marks', JSON.stringify([mark, entitlements]));
      return keys;
    },
  };
}

export function addCounts(one: LeakCounts | undefined, other: LeakCounts): LeakCounts {
  return {
    sinks: countsOf(sinks, (sink) => (one?.sinks[sink] ?? 0) + other.sinks[sink]),
    canaries: countsOf(canaryKinds, (kind) => (one?.canaries[kind] ?? 0) + other.canaries[kind]),
  };
}

function countsOf<Name extends string>(names: readonly Name[], count: (name: Name) => number): Record<Name, number>;
function countsOf(names: readonly string[], count: (name: string) => number): Record<string, number> {
  return Object.fromEntries(names.map((name) => [name, count(name)]));
}

/** Bytes that look random, and are the same each time. */
function randomBytes(seed: number): (count: number) => Buffer {
  let pool = Buffer.alloc(0);
  let block = 0;
  return (count) => {
    while (pool.length < count) {
      pool = Buffer.concat([
        pool,
        createHash('sha512')
          .update(`${seed} ${(block += 1)}`)
          .digest(),
      ]);
    }
    const bytes = pool.subarray(0, count);
    pool = pool.subarray(count);
    return bytes;
  };
}
