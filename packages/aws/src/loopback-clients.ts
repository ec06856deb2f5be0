import { onTestFinished } from 'vitest';

import { awsClients } from './clients.ts';
import { loopbackAws, type LoopbackAnswer, type Received } from './loopback-aws.ts';

/** Clients of a server on loopback that lives as long as the test. One attempt a call: the SDK's pauses are real time. */
export async function loopbackClients(answer: (request: Received) => LoopbackAnswer, { attempts = 1 } = {}) {
  const server = await loopbackAws(answer);
  onTestFinished(() => server.stop());
  const credentials = { accessKeyId: 'local', secretAccessKey: 'local' };
  const clients = awsClients({ endpoint: server.endpoint, region: 'eu-west-1', credentials, attempts });
  return { clients, server };
}
