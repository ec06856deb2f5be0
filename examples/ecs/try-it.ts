import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { createInterface } from 'node:readline';

import { localAws } from '@keyturn/local-aws/local-aws';

import { keyedApi } from '../keyed-api.ts';

// What Secrets Manager, the API and the rotation are on AWS is played here; the server is the one that is deployed.
const aws = await localAws();
const api = await keyedApi('first', 'second');
const value = (key: string, n: number) => ({
  SecretString: JSON.stringify({ key }),
  ClientRequestToken: `00000000-0000-4000-8000-${String(n).padStart(12, '0')}`,
});
await aws.secrets.createSecret({ Name: 'orders/apigee', ...value('first', 1) });
const env = { ...process.env, ...aws.environment, ORDERS_URL: api.url, PORT: '0', REFRESH_MS: '200' };
const task = spawn(process.execPath, [join(import.meta.dirname, 'server.ts')], {
  env,
  stdio: ['ignore', 'pipe', 'inherit'],
});
process.once('SIGTERM', () => task.kill('SIGKILL') && process.exit(1));
const lines = createInterface({ input: task.stdout })[Symbol.asyncIterator]();
const line = async () =>
  JSON.parse(String((await lines.next()).value)) as { readonly listening?: { readonly port: number } };

const { listening } = await line();
const request = async () => (await fetch(`http://127.0.0.1:${listening?.port}/`)).status;
console.log('before the rotation:', await request());

await aws.secrets.putSecretValue({ SecretId: 'orders/apigee', ...value('second', 2) });
console.log('the server heard of it by itself:', JSON.stringify(await line()));
api.accepted.delete('first');
console.log('the old key is gone:', await request());

task.kill('SIGTERM');
await once(task, 'exit');
api.close();
await aws.close();
