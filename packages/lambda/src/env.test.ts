import { PermanentError } from '@keyturn/rotation/errors';
import { expect, test, vi } from 'vitest';
import * as z from 'zod';

import { readEnv } from './env.ts';

test('gives the variables that are asked for, and no other', () => {
  const env = readEnv(
    { BUS_NAME: z.string(), BATCH: z.coerce.number(), AWS_ENDPOINT_URL: z.string().optional() },
    { BUS_NAME: 'keyturn-prod', BATCH: '5', PATH: '/bin' },
  );

  expect(env).toEqual({ BUS_NAME: 'keyturn-prod', BATCH: 5 });
});

test("reads the process's own environment", () => {
  vi.stubEnv('KEYTURN_CONFIG', '/var/task/config.yaml');

  expect(readEnv({ KEYTURN_CONFIG: z.string() })).toEqual({ KEYTURN_CONFIG: '/var/task/config.yaml' });
  vi.unstubAllEnvs();
});

test('names every variable that is missing or wrong, and never what stands in it', () => {
  const read = () => readEnv({ QUEUE_URL: z.url(), TABLE_NAME: z.string() }, { QUEUE_URL: 'hunter2' });

  expect(read).toThrow(
    new PermanentError('misconfigured', 'Missing or wrong in the environment: QUEUE_URL, TABLE_NAME', {
      field: 'QUEUE_URL',
    }),
  );
});
