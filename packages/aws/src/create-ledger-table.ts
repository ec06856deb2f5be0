import { CreateTableCommand, waitUntilTableExists, type DynamoDBClient } from '@aws-sdk/client-dynamodb';

import { ledgerTable } from './ledger-table.ts';

/** Creates a table for a ledger and waits until it takes writes; on AWS the template does it. */
export async function createLedgerTable(client: DynamoDBClient, table: string): Promise<void> {
  await client.send(new CreateTableCommand(ledgerTable(table)));
  await waitUntilTableExists({ client, maxWaitTime: 30, minDelay: 0.01, maxDelay: 0.1 }, { TableName: table });
}
