import { GetSecretValueCommand, SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import * as z from 'zod';

/**
 * A process of its own that does what applications do: read the key from the secret, keep it for a while, call the API with it. Nothing is
 * retried. It says every half second how many calls were made and how many failed, and ends when the parent says so.
 */
export const loadOptions = z.object({
  gatewayUrl: z.string(),
  secretId: z.string(),
  paths: z.array(z.string()).nonempty(),
  /** Clients that keep the secret for `cacheMs`, and as many that read it anew for each call. */
  clients: z.int().positive(),
  cacheMs: z.number(),
  requestsPerSecond: z.number().positive(),
});
export type LoadOptions = z.output<typeof loadOptions>;

export const loadReport = z.object({
  requests: z.int(),
  failed: z.int(),
  /** What failed, by status and fault code: never a key. */
  failures: z.record(z.string(), z.int()),
  done: z.boolean(),
});
export type LoadReport = z.output<typeof loadReport>;

const reportEveryMs = 500;
const secretText = z.object({ client_id: z.string(), client_secret: z.string() });
const fault = z.object({ fault: z.object({ detail: z.object({ errorcode: z.string() }) }) });

async function run(options: LoadOptions): Promise<void> {
  const secrets = new SecretsManagerClient({});
  const counts = { requests: 0, failed: 0, failures: new Map<string, number>() };
  const stopping = new AbortController();
  process.on('message', () => stopping.abort());
  process.on('disconnect', () => process.exit(1));

  const report = (done: boolean) =>
    process.send?.({
      requests: counts.requests,
      failed: counts.failed,
      failures: Object.fromEntries(counts.failures),
      done,
    });
  const reporting = setInterval(() => report(false), reportEveryMs);

  const total = options.clients * 2;
  const pauseMs = (1000 * total) / options.requestsPerSecond;
  const clients = Array.from({ length: total }, (_, number) => {
    const readKey = keyReader(secrets, options.secretId, number % 2 === 0 ? options.cacheMs : 0);
    return client(number, readKey);
  });

  async function client(number: number, readKey: () => Promise<string>): Promise<void> {
    let next = performance.now() + (pauseMs * number) / total;
    for (let call = number; !stopping.signal.aborted; call += 1) {
      await sleep(next - performance.now());
      next += pauseMs;
      if (stopping.signal.aborted) return;
      const path = options.paths[call % options.paths.length] ?? '/';
      const failure = await callApi(`${options.gatewayUrl}${path}`, readKey);
      counts.requests += 1;
      if (failure === undefined) continue;
      counts.failed += 1;
      counts.failures.set(failure, (counts.failures.get(failure) ?? 0) + 1);
    }
  }

  await Promise.all(clients);
  clearInterval(reporting);
  report(true);
  process.disconnect();
}

function keyReader(secrets: SecretsManagerClient, secretId: string, cacheMs: number): () => Promise<string> {
  let cached: { readonly key: string; readonly until: number } | undefined;
  return async () => {
    if (cached !== undefined && performance.now() < cached.until) return cached.key;
    const { SecretString } = await secrets.send(
      new GetSecretValueCommand({ SecretId: secretId, VersionStage: 'AWSCURRENT' }),
    );
    const key = secretText.parse(JSON.parse(SecretString ?? '')).client_id;
    cached = { key, until: performance.now() + cacheMs };
    return key;
  };
}

/** undefined: the call was served. */
async function callApi(url: string, readKey: () => Promise<string>): Promise<string | undefined> {
  try {
    const response = await fetch(url, {
      headers: { 'x-apikey': await readKey() },
      signal: AbortSignal.timeout(10_000),
    });
    const text = await response.text();
    if (response.ok) return undefined;
    return `${response.status} ${faultCode(text)}`;
  } catch (error) {
    return error instanceof Error ? error.name : 'unknown';
  }
}

function faultCode(text: string): string {
  try {
    return fault.parse(JSON.parse(text)).fault.detail.errorcode;
  } catch {
    return 'without a fault code';
  }
}

function sleep(ms: number): Promise<void> {
  return ms <= 0 ? Promise.resolve() : new Promise((resolve) => setTimeout(resolve, ms));
}

if (process.send !== undefined) await run(loadOptions.parse(JSON.parse(process.argv[2] ?? '')));
