import { readFileSync } from 'node:fs';
import { join } from 'node:path';

import { ledgerTable } from '@keyturn/aws/ledger-table';
import { functionNames, resourceNames } from '@keyturn/config/names';
import { expect, test } from 'vitest';

import { root } from './source-files.ts';
import { composedTemplate } from './template.ts';

const template = composedTemplate();

test('functions, bus, table, queue and parameter have the names that the code expects', () => {
  const names = functionNames('prod');
  const { bus, table, fleetParameter, announcerQueue } = resourceNames('prod');

  const functions = Object.values(template.functions).map(({ name }) => name);
  expect(functions).toEqual(
    expect.arrayContaining([names.rotationHandler, names.issue('apigee'), names.retire('apigee')]),
  );
  expect(template.resources['Bus']!.Properties).toMatchObject({ Name: bus });
  expect(template.resources['Table']!.Properties).toMatchObject({ TableName: table });
  expect(template.resources['FleetParameter']!.Properties).toMatchObject({ Name: fleetParameter, Value: 'running' });
  expect(template.resources['AnnouncerQueue']!.Properties).toMatchObject({ QueueName: announcerQueue });
});

test('the table is the one the ledger needs, encrypted, recoverable and not deleted with the stack', () => {
  const table = template.resources['Table'];

  expect(table).toMatchObject({
    DeletionPolicy: 'Retain',
    UpdateReplacePolicy: 'Retain',
    Properties: {
      ...ledgerTable('keyturn-prod'),
      DeletionProtectionEnabled: true,
      PointInTimeRecoverySpecification: { PointInTimeRecoveryEnabled: true },
      SSESpecification: { SSEEnabled: true },
    },
  });
});

test('the rotation handler has 15 minutes, no cap on its concurrency, and is called by Secrets Manager of this account', () => {
  expect(template.functions['rotationHandler']).toMatchObject({ timeout: 900 });
  expect(template.functions['rotationHandler']).not.toHaveProperty('reservedConcurrency');
  expect(template.resources['SecretsManagerPermission']!.Properties).toEqual({
    FunctionName: { 'Fn::GetAtt': 'RotationHandlerLambdaFunction.Arn' },
    Action: 'lambda:InvokeFunction',
    Principal: 'secretsmanager.amazonaws.com',
    SourceAccount: { Ref: 'AWS::AccountId' },
  });
});

test('the bus is archived for 90 days', () => {
  expect(template.resources['BusArchive']!.Properties).toMatchObject({
    SourceArn: { 'Fn::GetAtt': 'Bus.Arn' },
    RetentionDays: 90,
  });
});

test('serverless.yml stays below 200 lines', () => {
  expect(readFileSync(join(root, 'serverless.yml'), 'utf8').split('\n').length).toBeLessThan(200);
});
