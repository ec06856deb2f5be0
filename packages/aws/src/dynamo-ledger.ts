import { randomInt } from 'node:crypto';

import {
  DeleteItemCommand,
  GetItemCommand,
  PutItemCommand,
  QueryCommand,
  type AttributeValue,
  type DynamoDBClient,
} from '@aws-sdk/client-dynamodb';
import { PermanentError } from '@keyturn/rotation/errors';
import type { ZodType } from 'zod';

import { awsCall } from './aws-call.ts';
import { ourError, type AwsError } from './aws-error.ts';
import { parseRow } from './ledger-row.ts';
import type { Ledger, LedgerKey } from './ledger.ts';

type Item = Readonly<Record<string, AttributeValue>>;
type Table = { readonly client: DynamoDBClient; readonly table: string };

/** The table's one partition of its index `due`; a row that waits for nothing has neither attribute and is not in it. */
const dueIndex = 'due';

/** The ledger in a table as `ledgerTable` describes it. Reads are strongly consistent, but for `due`. */
export function dynamoLedger(at: Table): Ledger {
  return {
    async read(key, schema) {
      const item = await readItem(at, key);
      return item === undefined ? undefined : rowOf(item, schema);
    },
    async list(partition, prefix, schema) {
      const items = await listItems(at, partition, prefix);
      return items.map((item) => rowOf(item, schema));
    },
    write: (key, value, rev, dueAt) => writeItem(at, { key, value, rev, dueAt }),
    remove: (key, rev) => removeItem(at, key, rev),
    due: (now, limit) => listDue(at, now, limit),
  };
}

async function readItem({ client, table }: Table, key: LedgerKey): Promise<Item | undefined> {
  const command = new GetItemCommand({ TableName: table, Key: toKey(key), ConsistentRead: true });
  const { Item: item } = await awsCall('GetItem', () => client.send(command), refuse);
  return item;
}

async function listItems({ client, table }: Table, partition: string, prefix: string): Promise<readonly Item[]> {
  const items: Item[] = [];
  let from: Record<string, AttributeValue> | undefined;
  do {
    const command = new QueryCommand({
      TableName: table,
      ConsistentRead: true,
      // An empty prefix is every row, but DynamoDB does not take it.
      KeyConditionExpression: `pk = :pk${prefix === '' ? '' : ' AND begins_with(sk, :prefix)'}`,
      ExpressionAttributeValues: { ':pk': { S: partition }, ...(prefix === '' ? {} : { ':prefix': { S: prefix } }) },
      ExclusiveStartKey: from,
    });
    const page = await awsCall('Query', () => client.send(command), refuse);
    items.push(...(page.Items ?? []));
    from = page.LastEvaluatedKey;
  } while (from !== undefined);
  return items;
}

type Write = {
  readonly key: LedgerKey;
  readonly value: Readonly<Record<string, unknown>>;
  readonly rev: number;
  readonly dueAt: number | undefined;
};

// A revision is a random number, so it also tells whose write it was: after an answer that got lost, the SDK's second try meets the first
// one's row, which is no defeat.
async function writeItem({ client, table }: Table, { key, value, rev, dueAt }: Write): Promise<boolean> {
  const next = randomInt(1, 2 ** 48 - 1);
  const command = new PutItemCommand({
    TableName: table,
    Item: {
      ...toKey(key),
      value: { S: JSON.stringify(value) },
      rev: { N: String(next) },
      ...(dueAt === undefined ? {} : { due: { S: dueIndex }, dueAt: { N: String(dueAt) } }),
    },
    ...stillAt(rev),
  });
  const written = await awsCall(
    'PutItem',
    () => client.send(command),
    async (failure) => {
      if (failure.code !== 'ConditionalCheckFailedException') return refuse(failure);
      const item = await readItem({ client, table }, key);
      return item?.['rev']?.N === String(next);
    },
  );
  return written !== false;
}

async function removeItem({ client, table }: Table, key: LedgerKey, rev: number): Promise<boolean> {
  if (rev === 0) return false;
  const command = new DeleteItemCommand({ TableName: table, Key: toKey(key), ...stillAt(rev) });
  const removed = await awsCall(
    'DeleteItem',
    () => client.send(command),
    (failure) => (failure.code === 'ConditionalCheckFailedException' ? false : refuse(failure)),
  );
  return removed !== false;
}

function stillAt(rev: number) {
  if (rev === 0) return { ConditionExpression: 'attribute_not_exists(pk)' };
  return { ConditionExpression: 'rev = :rev', ExpressionAttributeValues: { ':rev': { N: String(rev) } } };
}

async function listDue({ client, table }: Table, now: number, limit: number): Promise<readonly LedgerKey[]> {
  const command = new QueryCommand({
    TableName: table,
    IndexName: dueIndex,
    KeyConditionExpression: 'due = :due AND dueAt <= :now',
    ExpressionAttributeValues: { ':due': { S: dueIndex }, ':now': { N: String(now) } },
    Limit: limit,
  });
  const page = await awsCall('Query', () => client.send(command), refuse);
  return (page.Items ?? []).map(keyOf);
}

function refuse(failure: AwsError): never {
  throw ourError(failure, 'TABLE_NAME');
}

function toKey({ partition, row }: LedgerKey) {
  return { pk: { S: partition }, sk: { S: row } };
}

function keyOf(item: Item): LedgerKey {
  return { partition: stringOf(item, 'pk'), row: stringOf(item, 'sk') };
}

function rowOf<T>(item: Item, schema: ZodType<T>) {
  const rev = Number(item['rev']?.N);
  if (!Number.isSafeInteger(rev)) throw new PermanentError('malformed', 'A row without revision', { field: 'rev' });
  const key = keyOf(item);
  return { key, value: parseRow(stringOf(item, 'value'), schema, key), rev };
}

function stringOf(item: Item, field: string): string {
  const value = item[field]?.S;
  if (value === undefined) throw new PermanentError('malformed', `A row of the ledger without ${field}`, { field });
  return value;
}
