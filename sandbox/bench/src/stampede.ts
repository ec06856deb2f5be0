import { setTimeout as sleep } from 'node:timers/promises';

import { keyturn, middyReader, powertools, type Reader } from './readers.ts';
import { secretsServer } from './secrets-server.ts';

export type Stampede = {
  readonly reader: string;
  readonly cold: number;
  /** Reads after the time of the cache is over. */
  readonly expired: number | undefined;
  /** Calls that are refused at once since the key was turned. */
  readonly refused: number | undefined;
};

const readers = 1000;
const upstreamMs = 20;

/** How many calls a thousand readers at once make. */
export async function stampedes(): Promise<readonly Stampede[]> {
  return [
    await stampede(keyturn('@keyturn/client', {}, 1000), 1100),
    await stampede(powertools('powertools, retry with forceFetch', { maxAge: 1, retry: true }), 1100),
    await stampede(middyReader),
  ];
}

async function stampede(make: (endpoint: string) => Reader, ttlMs?: number): Promise<Stampede> {
  const server = await secretsServer();
  server.rotate('first');
  server.state.delayMs = upstreamMs;
  const reader = make(server.endpoint);
  const read = () => Promise.all(Array.from({ length: readers }, () => reader.read()));
  const cold = await server.callsOf(read);

  let expired: number | undefined;
  let refused: number | undefined;
  if (ttlMs !== undefined) {
    await sleep(ttlMs);
    expired = await server.callsOf(read);
    server.rotate('second');
    const call = async (apiKey: string) => ({ status: apiKey === 'second' ? 200 : 401 });
    refused = await server.callsOf(() => Promise.all(Array.from({ length: readers }, () => reader.call(call))));
  }
  server.close();
  return { reader: reader.name, cold, expired, refused };
}
