import { readFileSync } from 'node:fs';
import { join } from 'node:path';

import { parse } from '@cdktf/hcl2json';
import { managedSecret, tagNames } from '@keyturn/config/managed-secret';
import { parseConfig } from '@keyturn/config/parse-config';
import { stageParameters } from '@keyturn/config/stage-parameters';
import { expect, test } from 'vitest';
import * as z from 'zod';

import { root } from './source-files.ts';

const block = <T extends z.ZodType>(schema: T) =>
  z.record(
    z.string(),
    z.tuple([schema]).transform(([one]) => one),
  );
const example = z.object({
  data: z.object({ aws_ssm_parameter: block(z.object({ name: z.string() })) }),
  resource: z.object({
    aws_secretsmanager_secret: block(z.object({ name: z.string(), tags: z.record(z.string(), z.string()) })),
    aws_secretsmanager_secret_version: block(
      z.object({ lifecycle: z.tuple([z.object({ ignore_changes: z.array(z.string()) })]) }),
    ),
    aws_secretsmanager_secret_rotation: block(
      z.object({
        rotate_immediately: z.boolean(),
        rotation_rules: z.tuple([z.object({ schedule_expression: z.string(), duration: z.string() })]),
      }),
    ),
  }),
});

const { data, resource: resources } = example.parse(
  await parse('main.tf', readFileSync(join(root, 'examples/terraform/main.tf'), 'utf8')),
);
const only = <T>(blocks: Readonly<Record<string, T>>): T => Object.values(blocks)[0]!;

const secret = only(resources.aws_secretsmanager_secret);
const rotation = only(resources.aws_secretsmanager_secret_rotation);
const config = parseConfig(readFileSync(join(root, 'config/example.yaml'), 'utf8'));
const managed = managedSecret(
  {
    arn: `arn:aws:secretsmanager:eu-central-1:111122223333:secret:${secret.name}-AbCdEf`,
    name: secret.name,
    tags: secret.tags,
    stages: new Map(),
    rotation: { enabled: true, lambdaArn: undefined, schedule: undefined, nextAt: undefined, lastAt: undefined },
    deletedAt: undefined,
    replicas: [],
  },
  config,
);

test('the Terraform example attaches the schedule without rotating', () => {
  expect(rotation.rotate_immediately).toBe(false);
});

test('the Terraform example finds the rotation function where the stage tells it', () => {
  expect(only(data.aws_ssm_parameter).name).toBe(stageParameters('${var.stage}').rotationHandlerArn);
});

test('the Terraform example leaves the value to Keyturn', () => {
  const [{ ignore_changes: ignored }] = only(resources.aws_secretsmanager_secret_version).lifecycle;

  expect(ignored).toContain('${secret_string}');
});

test('the Terraform example picks ids that the example configuration has, with every tag that is needed', () => {
  expect(Object.keys(secret.tags).sort()).toEqual(Object.values(tagNames).sort());
  expect(managed.policy.id).toBe('standard');
});

test('the Terraform example has the schedule of its policy', () => {
  expect(rotation.rotation_rules).toEqual([
    { schedule_expression: managed.policy.schedule, duration: managed.policy.window },
  ]);
});
