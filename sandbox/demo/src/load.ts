import { GetSecretValueCommand, SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import * as z from 'zod';

import { application } from './simulated-provider.ts';
import { useOf, valueIn } from './use-key.ts';

/**
 * A process of its own that does what applications do: read the key from the secret, keep it for a while, use it. Nothing is retried. It says every
 * half second how often the key was used and how often that failed, and ends when the parent says so.
 */
export const loadOptions = z.object({
  application,
  secretId: z.string(),
  /** Clients that keep the secret for `cacheMs`, and as many that read it anew for each use. */
  clients: z.int().positive(),
  cacheMs: z.number(),
  requestsPerSecond: z.number().positive(),
});
export type LoadOptions = z.output<typeof loadOptions>;

export const loadReport = z.object({
  requests: z.int(),
  failed: z.int(),
  /** What failed, by status and the provider's code: never a key. */
  failures: z.record(z.string(), z.int()),
  /** When each of them failed, in milliseconds since 1970. */
  failedAt: z.array(z.number()),
  done: z.boolean(),
});
export type LoadReport = z.output<typeof loadReport>;

const reportEveryMs = 500;

async function run(options: LoadOptions): Promise<void> {
  const secrets = new SecretsManagerClient({});
  const use = await useOf(options.application);
  const counts = { requests: 0, failures: new Map<string, number>() };
  const failedAt: number[] = [];
  const stopping = new AbortController();
  process.on('message', () => stopping.abort());
  process.on('disconnect', () => process.exit(1));

  const report = (done: boolean) => {
    const { requests } = counts;
    const failures = Object.fromEntries(counts.failures);
    process.send?.({ requests, failed: failedAt.length, failures, failedAt, done } satisfies LoadReport);
  };
  const reporting = setInterval(() => report(false), reportEveryMs);

  const total = options.clients * 2;
  const pauseMs = (1000 * total) / options.requestsPerSecond;
  const clients = Array.from({ length: total }, (_, number) => {
    const readValue = valueReader(secrets, options, number % 2 === 0 ? options.cacheMs : 0);
    return client(number, readValue);
  });

  async function client(number: number, readValue: () => Promise<string>): Promise<void> {
    let next = performance.now() + (pauseMs * number) / total;
    for (let call = number; !stopping.signal.aborted; call += 1) {
      await sleep(next - performance.now());
      next += pauseMs;
      if (stopping.signal.aborted) return;
      const failure = await readValue()
        .then((value) => use(value, call))
        .catch(nameOf);
      counts.requests += 1;
      if (failure === undefined) continue;
      failedAt.push(Date.now());
      counts.failures.set(failure, (counts.failures.get(failure) ?? 0) + 1);
    }
  }

  await Promise.all(clients);
  clearInterval(reporting);
  report(true);
  process.disconnect();
}

function valueReader(
  secrets: SecretsManagerClient,
  { secretId, application }: LoadOptions,
  cacheMs: number,
): () => Promise<string> {
  let cached: { readonly value: string; readonly until: number } | undefined;
  return async () => {
    if (cached !== undefined && performance.now() < cached.until) return cached.value;
    const { SecretString } = await secrets.send(
      new GetSecretValueCommand({ SecretId: secretId, VersionStage: 'AWSCURRENT' }),
    );
    const value = valueIn(SecretString ?? '', application);
    cached = { value, until: performance.now() + cacheMs };
    return value;
  };
}

// The message may hold what was sent.
function nameOf(error: unknown): string {
  return error instanceof Error ? error.name : 'unknown';
}

function sleep(ms: number): Promise<void> {
  return ms <= 0 ? Promise.resolve() : new Promise((resolve) => setTimeout(resolve, ms));
}

if (process.send !== undefined) await run(loadOptions.parse(JSON.parse(process.argv[2] ?? '')));
