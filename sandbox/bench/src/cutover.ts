import { createServer } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';

import { keyturn, middyReader, powertools, type Call, type Reader } from './readers.ts';
import { secretsServer, type SecretsServer } from './secrets-server.ts';

export type Cutover = {
  readonly cutover: string;
  readonly reader: string;
  readonly requests: number;
  readonly perSecond: number;
  readonly failed: number;
  readonly secretsManagerCalls: number;
  readonly slowestMs: number;
};

type Service = { readonly accepted: Set<string> };
type Plan = { readonly name: string; readonly play: (server: SecretsServer, service: Service) => Promise<void> };

const perSecond = 200;
const leadMs = 1500;
const windowMs = 2000;
const lengthMs = 8000;

const cutovers: readonly Plan[] = [
  {
    name: 'overlap',
    async play(server, { accepted }) {
      accepted.add('second');
      server.rotate('second');
    },
  },
  {
    name: 'hard',
    async play(server, { accepted }) {
      accepted.add('second');
      server.rotate('second');
      accepted.delete('first');
    },
  },
  {
    name: '2 s window',
    async play(server, { accepted }) {
      server.prepare('second');
      accepted.add('second');
      accepted.delete('first');
      await sleep(windowMs);
      server.promote();
    },
  },
];

const makers = [
  keyturn('@keyturn/client use', { windowMs: 5000 }),
  powertools('powertools, default (5 s)'),
  powertools('powertools, 300 s, retry with forceFetch', { maxAge: 300, retry: true }),
  middyReader,
];

/** A key is turned under load, once in each way and for each reader. */
export async function playCutovers(): Promise<readonly Cutover[]> {
  const results: Cutover[] = [];
  for (const plan of cutovers) for (const make of makers) results.push(await playCutover(plan, make));
  return results;
}

async function playCutover(plan: Plan, make: (endpoint: string) => Reader): Promise<Cutover> {
  const server = await secretsServer();
  server.rotate('first');
  const service = await keyedService();
  const reader = make(server.endpoint);
  await reader.read();
  const callsBefore = server.state.calls;

  const playing = sleep(leadMs).then(() => plan.play(server, service));
  const took: number[] = [];
  let failed = 0;
  const requests: Promise<void>[] = [];
  const start = performance.now();
  for (let n = 0; performance.now() - start < lengthMs; n++) {
    await sleep(Math.max(0, start + (n * 1000) / perSecond - performance.now()));
    requests.push(one());
  }
  const seconds = (performance.now() - start) / 1000;
  await Promise.all([...requests, playing]);
  server.close();
  service.close();
  return {
    cutover: plan.name,
    reader: reader.name,
    requests: requests.length,
    perSecond: Math.round(requests.length / seconds),
    failed,
    secretsManagerCalls: server.state.calls - callsBefore,
    slowestMs: Math.round(Math.max(...took)),
  };

  async function one(): Promise<void> {
    const began = performance.now();
    const { status } = await reader.call(service.call).catch(() => ({ status: 0 }));
    if (status === 200) took.push(performance.now() - began);
    else failed++;
  }
}

/** A service that takes some keys, over HTTP. */
async function keyedService() {
  const accepted = new Set(['first']);
  const server = createServer((request, response) => {
    const key = request.headers.authorization?.replace('Bearer ', '') ?? '';
    response.writeHead(accepted.has(key) ? 200 : 401).end();
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  const url = `http://127.0.0.1:${typeof address === 'object' ? address?.port : ''}/`;
  const call: Call = async (apiKey) => {
    const answer = await fetch(url, { headers: { authorization: `Bearer ${apiKey}` } });
    await answer.body?.cancel();
    return answer;
  };
  return {
    accepted,
    call,
    close: () => {
      server.closeAllConnections();
      server.close();
    },
  };
}
