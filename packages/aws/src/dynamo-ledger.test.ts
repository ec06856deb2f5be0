import { randomUUID } from 'node:crypto';
import { createServer, request, type Server } from 'node:http';
import { createRequire } from 'node:module';
import type { AddressInfo } from 'node:net';

import { PutItemCommand } from '@aws-sdk/client-dynamodb';
import { PermanentError } from '@keyturn/rotation/errors';
import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest';
import * as z from 'zod';

import { awsClients } from './clients.ts';
import { createLedgerTable } from './create-ledger-table.ts';
import { dynamoLedger } from './dynamo-ledger.ts';
import { testLedger } from './ledger.conformance.ts';

type Dynalite = (options: { createTableMs: number }) => Server;
const require = createRequire(import.meta.url);
const dynalite = require('dynalite') as Dynalite;

const server = dynalite({ createTableMs: 0 });
const client = (endpoint: string) =>
  awsClients({
    endpoint,
    region: 'eu-west-1',
    credentials: { accessKeyId: 'local', secretAccessKey: 'local' },
  }).dynamo();
let endpoint: string;

beforeAll(async () => {
  endpoint = await listen(server);
});
afterAll(() => close(server));

async function newTable(): Promise<string> {
  const table = `keyturn-${randomUUID()}`;
  await createLedgerTable(client(endpoint), table);
  return table;
}

testLedger('dynamoLedger', async () => dynamoLedger({ client: client(endpoint), table: await newTable() }));

const note = z.object({ text: z.string() });
const key = { partition: 'p', row: 'r' };

test('a write whose answer got lost counts as done, although its repetition is refused', async () => {
  const table = await newTable();
  const lossy = await lossyProxy({ lose: 1 });
  const ledger = dynamoLedger({ client: client(lossy.endpoint), table });

  const created = await ledger.write(key, { text: 'mine' }, 0);

  expect(lossy.puts()).toBe(2);
  expect(created).toBe(true);
  expect((await ledger.read(key, note))?.value.text).toBe('mine');
});

test('names the table where it is not there, and a row that lacks what every row has', async () => {
  const missing = dynamoLedger({ client: client(endpoint), table: 'keyturn-missing' });
  const table = await newTable();
  const item = { pk: { S: 'p' }, sk: { S: 'r' }, rev: { N: '1' } };
  await client(endpoint).send(new PutItemCommand({ TableName: table, Item: item }));

  const reading = missing.read(key, note);
  const bare = dynamoLedger({ client: client(endpoint), table }).read(key, note);

  await expect(reading).rejects.toBeInstanceOf(PermanentError);
  await expect(reading).rejects.toMatchObject({ reason: 'misconfigured', field: 'TABLE_NAME' });
  await expect(bare).rejects.toMatchObject({ reason: 'malformed', field: 'value' });
});

async function listen(listener: Server): Promise<string> {
  await new Promise<void>((resolve) => listener.listen(0, '127.0.0.1', resolve));
  return `http://127.0.0.1:${(listener.address() as AddressInfo).port}`;
}

function close(listener: Server): Promise<void> {
  return new Promise((resolve) => {
    listener.close(() => resolve());
    listener.closeAllConnections();
  });
}

/** Passes everything on, but hangs up instead of handing over the first answers to PutItem. */
async function lossyProxy({ lose }: { lose: number }) {
  let puts = 0;
  const proxy = createServer((incoming, outgoing) => {
    const isPut = incoming.headers['x-amz-target'] === 'DynamoDB_20120810.PutItem';
    if (isPut) puts += 1;
    const onward = request(
      endpoint,
      { method: incoming.method, path: incoming.url, headers: incoming.headers },
      (answer) => {
        if (isPut && puts <= lose) {
          answer.resume().on('end', () => incoming.socket.destroy());
          return;
        }
        outgoing.writeHead(answer.statusCode!, answer.headers);
        answer.pipe(outgoing);
      },
    );
    incoming.pipe(onward);
  });
  const at = await listen(proxy);
  onTestFinished(() => close(proxy));
  return { endpoint: at, puts: () => puts };
}
