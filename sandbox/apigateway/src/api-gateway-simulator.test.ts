import {
  APIGatewayClient,
  CreateApiKeyCommand,
  CreateUsagePlanKeyCommand,
  DeleteApiKeyCommand,
  DeleteUsagePlanKeyCommand,
  GetApiKeyCommand,
  GetApiKeysCommand,
  GetUsageCommand,
  GetUsagePlanCommand,
  GetUsagePlansCommand,
  TagResourceCommand,
  UpdateApiKeyCommand,
} from '@aws-sdk/client-api-gateway';
import { describe, expect, onTestFinished, test } from 'vitest';

import { apiGatewaySimulator } from './api-gateway-simulator.ts';
import type { SimulatorOptions } from './simulator.ts';

const value = 'a-value-of-forty-characters-0123456789-a';

async function simulated(options: SimulatorOptions = {}) {
  let now = Date.parse('2027-01-15T12:00:00Z');
  const simulator = await apiGatewaySimulator({ clock: { now: () => now }, callsPerSecond: 100, ...options });
  simulator.seed([
    { id: 'aord01', stages: ['orders/prod'] },
    { id: 'badm02', stages: ['admin/prod'] },
    { id: 'same03', stages: ['orders/prod'] },
  ]);
  const client = new APIGatewayClient({
    endpoint: simulator.managementUrl,
    region: 'eu-west-1',
    credentials: { accessKeyId: 'a', secretAccessKey: 'b' },
    maxAttempts: 1,
  });
  onTestFinished(async () => {
    client.destroy();
    await simulator.close();
  });
  const ask = async (path: string, key?: string, at = simulator.gatewayUrl) => {
    const answer = await fetch(at + path, key === undefined ? {} : { headers: { 'x-api-key': key } });
    const body: unknown = await answer.json();
    return { status: answer.status, type: answer.headers.get('x-amzn-errortype'), body };
  };
  return { simulator, client, ask, advance: (ms: number) => void (now += ms) };
}

const arnOf = (id: string | undefined) => `arn:aws:apigateway:eu-west-1::/apikeys/${id}`;
const attach = (keyId: string | undefined, usagePlanId = 'aord01') =>
  new CreateUsagePlanKeyCommand({ usagePlanId, keyId, keyType: 'API_KEY' });

describe('the control plane, by the SDK', () => {
  test('a key lives: made, read, listed, switched, tagged, deleted', async () => {
    const { client } = await simulated();
    const tags = { Project: 'orders' };

    const made = await client.send(
      new CreateApiKeyCommand({ name: 'shop', value, enabled: true, description: 'd', customerId: 'c', tags }),
    );
    expect(made).toMatchObject({ name: 'shop', value, enabled: true, description: 'd', customerId: 'c', tags });
    expect(made.createdDate).toEqual(new Date('2027-01-15T12:00:00Z'));
    await client.send(new TagResourceCommand({ resourceArn: arnOf(made.id), tags: { keyturn: 'a/b' } }));
    const patchOperations = [{ op: 'replace' as const, path: '/enabled', value: 'false' }];
    await client.send(new UpdateApiKeyCommand({ apiKey: made.id, patchOperations }));

    const read = await client.send(new GetApiKeyCommand({ apiKey: made.id }));
    expect(read).toMatchObject({ enabled: false, tags: { Project: 'orders', keyturn: 'a/b' } });
    expect(read.value).toBeUndefined();
    const { items } = await client.send(new GetApiKeysCommand({ nameQuery: 'sh', includeValues: true }));
    expect(items).toMatchObject([{ id: made.id, value, tags: { keyturn: 'a/b' } }]);
    await client.send(new DeleteApiKeyCommand({ apiKey: made.id }));
    await expect(client.send(new GetApiKeyCommand({ apiKey: made.id }))).rejects.toMatchObject({
      name: 'NotFoundException',
    });
  });

  test('a list is found by how names begin, and comes in pages', async () => {
    const { client, simulator } = await simulated();
    for (const name of ['a1', 'a2', 'a3', 'b1', 'xa']) simulator.hand.addKey({ name });

    const first = await client.send(new GetApiKeysCommand({ nameQuery: 'a', limit: 2 }));
    const second = await client.send(new GetApiKeysCommand({ nameQuery: 'a', limit: 2, position: first.position }));

    expect([first.items?.map(({ name }) => name), second.items?.map(({ name }) => name)]).toEqual([
      ['a1', 'a2'],
      ['a3'],
    ]);
    expect(second.position).toBeUndefined();
    await expect(client.send(new GetApiKeysCommand({ limit: 501 }))).rejects.toMatchObject({
      name: 'BadRequestException',
    });
  });

  test('a usage plan takes a key and gives it back', async () => {
    const { client, simulator } = await simulated();
    const { id } = simulator.hand.addKey({ name: 'shop' });

    expect(await client.send(attach(id))).toMatchObject({ id, type: 'API_KEY', name: 'shop' });
    await client.send(attach(id, 'badm02'));
    const { items } = await client.send(new GetUsagePlansCommand({ keyId: id }));
    expect(items).toMatchObject([{ id: 'aord01', apiStages: [{ apiId: 'orders', stage: 'prod' }] }, { id: 'badm02' }]);
    await client.send(new DeleteUsagePlanKeyCommand({ usagePlanId: 'aord01', keyId: id }));

    expect(simulator.keys()).toMatchObject([{ plans: ['badm02'] }]);
  });

  const refusals: readonly (readonly [string, string, (id: string) => object])[] = [
    ['a value that exists', 'ConflictException', () => new CreateApiKeyCommand({ value })],
    ['a value of 19 characters', 'BadRequestException', () => new CreateApiKeyCommand({ value: 'a'.repeat(19) })],
    ['a value of 129 characters', 'BadRequestException', () => new CreateApiKeyCommand({ value: 'a'.repeat(129) })],
    ['a tag of AWS', 'BadRequestException', () => new CreateApiKeyCommand({ tags: { 'aws:x': 'y' } })],
    ['an unknown key', 'NotFoundException', () => new DeleteApiKeyCommand({ apiKey: 'nobody' })],
    [
      'a tag on an unknown key',
      'NotFoundException',
      () => new TagResourceCommand({ resourceArn: arnOf('x'), tags: {} }),
    ],
    ['an unknown plan', 'NotFoundException', () => new GetUsagePlanCommand({ usagePlanId: 'nobody' })],
    ['an unknown key in a plan', 'NotFoundException', () => attach('nobody')],
    ['a key that the plan has', 'ConflictException', (id) => attach(id)],
    ['another plan of the same stage', 'ConflictException', (id) => attach(id, 'same03')],
    [
      'a key that the plan lacks',
      'NotFoundException',
      (keyId) => new DeleteUsagePlanKeyCommand({ usagePlanId: 'badm02', keyId }),
    ],
    ['usage of 91 days', 'BadRequestException', () => usage('2026-10-17', '2027-01-15')],
  ];
  const usage = (startDate: string, endDate: string) =>
    new GetUsageCommand({ usagePlanId: 'aord01', startDate, endDate });

  test.each(refusals)('%s is refused as %s', async (_, name, command) => {
    const { client, simulator } = await simulated();
    const { id } = simulator.hand.addKey({ name: 'shop', value, plans: ['aord01'] });
    const before = simulator.keys();

    await expect(client.send(command(id) as GetUsagePlanCommand)).rejects.toMatchObject({ name });

    expect(simulator.keys()).toEqual(before);
  });

  test('too many calls, and too many keys, say so with the same status and other names', async () => {
    const { client, advance } = await simulated({ callsPerSecond: 2, maxKeys: 3 });
    const create = () => client.send(new CreateApiKeyCommand({}));
    await create();
    await create();

    await expect(create()).rejects.toMatchObject({
      name: 'TooManyRequestsException',
      $metadata: { httpStatusCode: 429 },
    });
    advance(1000);
    await create();
    await expect(create()).rejects.toMatchObject({
      name: 'LimitExceededException',
      $metadata: { httpStatusCode: 429 },
    });
  });

  test('who does not sign is nobody, and what is not simulated does not exist', async () => {
    const { simulator } = await simulated();

    for (const path of ['/apikeys', '/restapis']) {
      const answer = await fetch(simulator.managementUrl + path);
      expect([answer.status, answer.headers.get('x-amzn-errortype')]).toEqual([
        403,
        'MissingAuthenticationTokenException',
      ]);
    }
  });

  test('usage counts what came through, by the day', async () => {
    const { client, simulator, ask, advance } = await simulated();
    const { id } = simulator.hand.addKey({ name: 'shop', value, plans: ['aord01'] });
    await ask('/orders/prod/1', value);
    await ask('/orders/prod/1', value);
    await ask('/orders/prod/1', 'a-wrong-value');
    advance(24 * 3_600_000);
    await ask('/orders/prod/1', value);

    const query = { usagePlanId: 'aord01', keyId: id, startDate: '2027-01-14', endDate: '2027-01-16' };
    const { items } = await client.send(new GetUsageCommand(query));

    expect(items).toEqual({
      [id]: [
        [0, 0],
        [2, 0],
        [1, 0],
      ],
    });
  });
});

describe('the data plane', () => {
  test('lets in who has a key of a plan of the stage, and nobody else', async () => {
    const { simulator, ask } = await simulated();
    simulator.hand.addKey({ name: 'shop', value, plans: ['aord01'] });
    const forbidden = { status: 403, type: 'ForbiddenException', body: { message: 'Forbidden' } };

    expect(await ask('/orders/prod/1', value)).toMatchObject({ status: 200 });
    expect(await ask('/orders/prod/1')).toEqual(forbidden);
    expect(await ask('/orders/prod/1', 'another-value')).toEqual(forbidden);
    expect(await ask('/admin/prod/1', value)).toEqual(forbidden);
    expect(await ask('/orders/prod/nothing-here', value)).toMatchObject({
      status: 403,
      body: { message: 'Missing Authentication Token' },
    });
  });

  test('each node hears of a change in its own time', async () => {
    const nodes = [
      { propagationMs: 1000, productPropagationMs: 3000, revocationMs: 2000, negativeMs: 0 },
      { propagationMs: 0, revocationMs: 0, negativeMs: 5000 },
    ];
    const { client, simulator, ask, advance } = await simulated({ nodes });
    const accepted = () => simulator.acceptedBy(value, '/orders/prod/1');
    expect((await ask('/orders/prod/1', value, simulator.nodeUrls[1])).status).toBe(403);
    const { id } = await client.send(new CreateApiKeyCommand({ value, enabled: true }));
    await client.send(attach(id));

    expect(accepted()).toEqual([false, false]);
    advance(2999);
    expect(accepted()).toEqual([false, false]);
    advance(1);
    expect(accepted()).toEqual([true, false]);
    advance(2000);
    expect(accepted()).toEqual([true, true]);
    await client.send(new DeleteApiKeyCommand({ apiKey: id }));
    expect(accepted()).toEqual([true, false]);
    advance(2000);
    expect(accepted()).toEqual([false, false]);
  });

  test('a person opens and closes a plan, switches and detaches a key', async () => {
    const { simulator } = await simulated();
    const { hand } = simulator;
    const { id } = hand.addKey({ name: 'shop', value, plans: ['aord01'] });
    const accepted = () => simulator.acceptedBy(value, '/orders/prod/1')[0];

    hand.setOpen('aord01', false);
    expect(accepted()).toBe(false);
    hand.setOpen('aord01', true);
    hand.setEnabled(id, false);
    expect(accepted()).toBe(false);
    hand.setEnabled(id, true);
    expect(accepted()).toBe(true);
    hand.detach(id, 'aord01');
    expect(accepted()).toBe(false);
    hand.attach(id, 'aord01');
    hand.deletePlan('aord01');
    expect(accepted()).toBe(false);
    hand.rename(id, 'shop-2');
    hand.setTags(id, { a: 'b' });
    expect(simulator.keys()).toMatchObject([{ name: 'shop-2', tags: { a: 'b' }, plans: [] }]);
  });
});

test('a fault hits the next matching request, before or after its effect', async () => {
  const { client, simulator } = await simulated();
  const lost = { surface: 'management', method: 'POST', afterEffect: true, answer: { kind: 'reset' } } as const;
  simulator.inject(lost);

  await expect(client.send(new CreateApiKeyCommand({ value }))).rejects.toThrow();

  expect(simulator.keys()).toHaveLength(1);
  simulator.inject({ surface: 'management', times: 'always', answer: { kind: 'status', status: 429 } });
  await expect(client.send(new GetApiKeysCommand({}))).rejects.toMatchObject({ name: 'TooManyRequestsException' });
  simulator.clearFaults();
  await client.send(new GetApiKeysCommand({}));
  expect(simulator.requests().map(({ operation, status }) => [operation, status])).toEqual([
    ['CreateApiKey', null],
    [undefined, 429],
    ['GetApiKeys', 200],
  ]);
});
