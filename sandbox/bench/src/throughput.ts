import { SecretsProvider } from '@aws-lambda-powertools/parameters/secrets';
import { createSecrets } from '@keyturn/client';
import { fakeSource } from '@keyturn/client/testing';

import { sdkClient } from './readers.ts';
import { secretsServer } from './secrets-server.ts';

export type Throughput = { readonly read: string; readonly nsPerRead: number; readonly millionsPerSecond: number };

const rounds = 7;
const batch = 20_000;
const roundMs = 150;

/** How fast a warm cache answers, one read at a time: the median of the rounds, which take turns so that the machine's moods hit all alike. */
export async function throughput(): Promise<readonly Throughput[]> {
  const cases = await readers();
  for (const { run } of cases) await time(run, 50);
  const times = cases.map((): number[] => []);
  for (let round = 0; round < rounds; round++) {
    for (const [n, { run }] of cases.entries()) times[n]?.push(await time(run, roundMs));
  }
  return cases.map(({ read }, n) => {
    const nsPerRead = median(times[n] ?? []);
    return { read, nsPerRead: Math.round(nsPerRead * 10) / 10, millionsPerSecond: Math.round(1e4 / nsPerRead) / 10 };
  });
}

async function readers() {
  const stripe = createSecrets({ source: fakeSource({ stripe: { apiKey: 'k' } }), ttlMs: 86_400_000 }).secret('stripe');
  await stripe.get();
  const server = await secretsServer();
  server.rotate('k');
  const provider = new SecretsProvider({ awsSdkV3Client: sdkClient(server.endpoint) });
  const age = { maxAge: 86_400 };
  await provider.get('stripe', age);
  server.close();
  const map = new Map([['stripe', { value: { apiKey: 'k' }, until: Date.now() + 86_400_000 }]]);
  const fromMap = async (key: string) => {
    const entry = map.get(key);
    return entry !== undefined && Date.now() < entry.until ? entry.value : undefined;
  };
  let sink: unknown;

  return [
    { read: 'Map.get', run: syncLoop(() => void (sink = map.get('stripe'))) },
    { read: '@keyturn/client peek()', run: syncLoop(() => void (sink = stripe.peek())) },
    { read: 'await Map with a TTL', run: asyncLoop(async () => void (sink = await fromMap('stripe'))) },
    { read: 'await @keyturn/client get()', run: asyncLoop(() => stripe.get()) },
    { read: 'await @keyturn/client use(fn)', run: asyncLoop(() => stripe.use(() => 1)) },
    { read: 'await powertools get()', run: asyncLoop(() => provider.get('stripe', age)) },
    { read: 'nothing', run: syncLoop(() => void sink) },
  ];
}

type Loop = (times: number) => Promise<void>;

const syncLoop =
  (read: () => void): Loop =>
  async (times) => {
    for (let n = 0; n < times; n++) read();
  };

const asyncLoop =
  (read: () => Promise<unknown>): Loop =>
  async (times) => {
    for (let n = 0; n < times; n++) await read();
  };

/** Nanoseconds for each read. */
async function time(run: Loop, ms: number): Promise<number> {
  const start = process.hrtime.bigint();
  let reads = 0;
  let tookNs = 0;
  while (tookNs < ms * 1e6) {
    await run(batch);
    reads += batch;
    tookNs = Number(process.hrtime.bigint() - start);
  }
  return tookNs / reads;
}

export function median(numbers: readonly number[]): number {
  const sorted = [...numbers].sort((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)] ?? NaN;
}
