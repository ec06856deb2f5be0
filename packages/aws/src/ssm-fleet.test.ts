import { PermanentError, TransientError } from '@keyturn/rotation/errors';
import { expect, test } from 'vitest';

import { testFleet } from './fleet.conformance.ts';
import type { LoopbackAnswer, Received } from './loopback-aws.ts';
import { loopbackClients } from './loopback-clients.ts';
import { ssmFleet } from './ssm-fleet.ts';

const parameter = '/keyturn/test/fleet';

async function fleetOver(answer: (request: Received) => LoopbackAnswer) {
  const { clients } = await loopbackClients(answer);
  return ssmFleet({ client: clients.ssm(), parameter });
}

testFleet('ssmFleet', (initial) => {
  let value = initial;
  return fleetOver(({ operation, body }) => {
    const request = body as { Name: string; Value?: string; Overwrite?: boolean };
    if (request.Name !== parameter) return { status: 400, json: { __type: 'ValidationException' } };
    if (operation === 'PutParameter') {
      if (value !== null && request.Overwrite !== true)
        return { status: 400, json: { __type: 'ParameterAlreadyExists' } };
      value = request.Value!;
      return { json: { Version: 1 } };
    }
    if (value === null) return { status: 400, json: { __type: 'ParameterNotFound' } };
    return { json: { Parameter: { Name: parameter, Type: 'String', Value: value } } };
  });
});

test('a flag that cannot be read is no answer', async () => {
  const throttled = await fleetOver(() => ({ status: 400, json: { __type: 'ThrottlingException' } }));
  const denied = await fleetOver(() => ({ status: 400, json: { __type: 'AccessDeniedException' } }));

  await expect(throttled.paused()).rejects.toBeInstanceOf(TransientError);
  await expect(denied.paused()).rejects.toBeInstanceOf(PermanentError);
  await expect(denied.paused()).rejects.toMatchObject({ reason: 'access-denied', field: 'FLEET_PARAMETER' });
});
