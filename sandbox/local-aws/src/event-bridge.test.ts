import {
  CreateArchiveCommand,
  CreateEventBusCommand,
  DescribeReplayCommand,
  DisableRuleCommand,
  ListRulesCommand,
  PutEventsCommand,
  PutRuleCommand,
  PutTargetsCommand,
  StartReplayCommand,
  TestEventPatternCommand,
  type Target,
} from '@aws-sdk/client-eventbridge';
import { awsClients } from '@keyturn/aws/clients';
import { afterEach, expect, test } from 'vitest';

import { localAws, type LocalAwsOptions } from './local-aws.ts';

const open: { close(): Promise<void> }[] = [];
afterEach(async () => {
  for (const aws of open.splice(0)) await aws.close();
});

async function setUp(options: LocalAwsOptions = {}) {
  const aws = await localAws({ deliveryRetryDelayMs: 1, ...options });
  open.push(aws);
  const credentials = { accessKeyId: 'local', secretAccessKey: 'local' };
  const client = awsClients({ endpoint: aws.url, region: aws.region, credentials }).eventBridge();
  await client.send(new CreateEventBusCommand({ Name: 'facts' }));

  const queueFor = (name: string, ...sourceArns: string[]) =>
    aws.queues.create(name, {
      Policy: JSON.stringify({
        Statement: [
          {
            Effect: 'Allow',
            Principal: { Service: 'events.amazonaws.com' },
            Action: 'sqs:SendMessage',
            Resource: `arn:aws:sqs:${aws.region}:${aws.account}:${name}`,
            Condition: { ArnEquals: { 'aws:SourceArn': sourceArns } },
          },
        ],
      }),
    });
  const ruleArn = `arn:aws:events:${aws.region}:${aws.account}:rule/facts/all`;
  const route = async (target: Omit<Target, 'Id'>, pattern: object = { source: ['keyturn'] }) => {
    const rule = { EventBusName: 'facts', Name: 'all', EventPattern: JSON.stringify(pattern) };
    await client.send(new PutRuleCommand(rule));
    const Targets = [{ Id: 'one', ...target }];
    await client.send(new PutTargetsCommand({ EventBusName: 'facts', Rule: 'all', Targets }));
  };
  const put = (detail: object = { a: 1 }, more: object = {}) =>
    client.send(
      new PutEventsCommand({
        Entries: [
          {
            EventBusName: 'facts',
            Source: 'keyturn',
            DetailType: 'SecretRotated',
            Detail: JSON.stringify(detail),
            ...more,
          },
        ],
      }),
    );
  const bodies = (name: string) => aws.queues.find(name).messages.map(({ body }) => JSON.parse(body) as unknown);
  return { aws, client, queueFor, route, put, bodies, ruleArn };
}

test('delivers the whole envelope to a queue', async () => {
  const { aws, queueFor, route, put, bodies, ruleArn } = await setUp();
  const queue = queueFor('out', ruleArn);
  await route({ Arn: queue.arn });

  const answer = await put({ a: 1 }, { Resources: ['arn:secret'], Time: new Date('2026-11-21T08:00:00Z') });

  await expect.poll(() => bodies('out')).toHaveLength(1);
  expect(bodies('out')).toEqual([
    {
      version: '0',
      id: answer.Entries?.[0]?.EventId,
      'detail-type': 'SecretRotated',
      source: 'keyturn',
      account: aws.account,
      time: '2026-11-21T08:00:00Z',
      region: aws.region,
      resources: ['arn:secret'],
      detail: { a: 1 },
    },
  ]);
});

test('delivers nothing that does not fit, and nothing by a disabled rule', async () => {
  const { client, queueFor, route, put, bodies, ruleArn } = await setUp();
  const queue = queueFor('out', ruleArn);
  await route({ Arn: queue.arn }, { detail: { a: [2] } });

  await put({ a: 1 });
  await put({ a: 2 });
  await client.send(new DisableRuleCommand({ EventBusName: 'facts', Name: 'all' }));
  await put({ a: 2 });

  await expect.poll(() => bodies('out')).toHaveLength(1);
  await new Promise((resolve) => setTimeout(resolve, 20));
  expect(bodies('out')).toMatchObject([{ detail: { a: 2 } }]);
});

test('a queue whose policy does not name the rule gets nothing; the dead-letter queue tells why', async () => {
  const { aws, queueFor, route, put, ruleArn } = await setUp();
  const queue = queueFor('out', `${ruleArn}-2`);
  const dlq = queueFor('dlq', ruleArn);
  await route({ Arn: queue.arn, DeadLetterConfig: { Arn: dlq.arn } });

  expect(await put()).toMatchObject({ FailedEntryCount: 0 });

  await expect.poll(() => dlq.messages.length).toBe(1);
  expect(queue.messages).toEqual([]);
  expect(JSON.parse(dlq.messages[0]?.body ?? '')).toMatchObject({ source: 'keyturn', detail: { a: 1 } });
  expect(dlq.messages[0]?.attributes).toMatchObject({
    RULE_ARN: { StringValue: ruleArn },
    TARGET_ARN: { StringValue: queue.arn },
    ERROR_CODE: { StringValue: 'NO_PERMISSIONS' },
    ERROR_MESSAGE: { StringValue: expect.any(String) as string },
    RETRY_ATTEMPTS: { StringValue: '0' },
  });
  expect(aws.delivery.lost).toEqual([]);
});

test('a target that does not exist, without a dead-letter queue, loses the event', async () => {
  const { aws, route, put } = await setUp();
  await route({ Arn: `arn:aws:sqs:${aws.region}:${aws.account}:nowhere` });

  await put();

  await expect.poll(() => aws.delivery.lost).toMatchObject([{ errorCode: 'NO_RESOURCE' }]);
});

test('a throttled target is tried again, within its retry policy', async () => {
  const { aws, queueFor, route, put, bodies, ruleArn } = await setUp();
  const queue = queueFor('out', ruleArn);
  const dlq = queueFor('dlq', ruleArn);
  await route({ Arn: queue.arn, DeadLetterConfig: { Arn: dlq.arn }, RetryPolicy: { MaximumRetryAttempts: 2 } });

  aws.delivery.throttle(queue.arn, 2);
  await put({ n: 1 });
  await expect.poll(() => bodies('out')).toHaveLength(1);

  aws.delivery.throttle(queue.arn, 3);
  await put({ n: 2 });
  await expect.poll(() => dlq.messages.length).toBe(1);
  expect(dlq.messages[0]?.attributes).toMatchObject({
    ERROR_CODE: { StringValue: 'THROTTLING' },
    RETRY_ATTEMPTS: { StringValue: '2' },
    EXHAUSTED_RETRY_CONDITION: { StringValue: 'MaximumRetryAttempts' },
  });
});

test.each<[string, Omit<Target, 'Id' | 'Arn'>, string]>([
  ['Input', { Input: '{"fixed":1}' }, '{"fixed":1}'],
  ['InputPath', { InputPath: '$.detail.list[1]' }, '"two"'],
  [
    'an InputTransformer, which quotes what is not quoted',
    {
      InputTransformer: {
        InputPathsMap: { name: '$.detail.name', list: '$.detail.list', absent: '$.detail.absent' },
        InputTemplate:
          '{"plain": <name>, "quoted": "Hello <name>", "list": <list>, "none": <absent>, "rule": <aws.events.rule-name>}',
      },
    },
    '{"plain": "O\\"Neil", "quoted": "Hello O\\"Neil", "list": ["one","two"], "none": "", "rule": "all"}',
  ],
])('a target gets what %s says', async (_, input, expected) => {
  const { queueFor, route, put, ruleArn } = await setUp();
  const queue = queueFor('out', ruleArn);
  await route({ Arn: queue.arn, ...input });

  await put({ name: 'O"Neil', list: ['one', 'two'] });

  await expect.poll(() => queue.messages.map(({ body }) => body)).toEqual([expected]);
});

test('invokes a function that lets the rule in', async () => {
  const { aws, route, put, ruleArn } = await setUp();
  const events: unknown[] = [];
  const fn = aws.functions.register('listener', (event) => void events.push(event), { permissions: [] });
  await route({ Arn: fn.arn });

  await put({ n: 1 });
  await expect.poll(() => aws.delivery.lost).toMatchObject([{ errorCode: 'NO_PERMISSIONS' }]);

  fn.permissions = [{ principal: 'events.amazonaws.com', sourceArn: ruleArn }];
  await put({ n: 2 });
  await expect.poll(() => events).toMatchObject([{ detail: { n: 2 } }]);
});

test('forwards to another bus, under a new id', async () => {
  const { aws, client, route, put } = await setUp();
  const { EventBusArn = '' } = await client.send(new CreateEventBusCommand({ Name: 'theirs' }));
  await route({ Arn: EventBusArn });

  await put();

  await expect.poll(() => aws.events.map(({ bus }) => bus)).toEqual(['facts', 'theirs']);
  expect(aws.events[0]?.id).not.toBe(aws.events[1]?.id);
});

test('a schedule fires by the clock, and as often as a test wants', async () => {
  const clock = { ms: Date.UTC(2026, 10, 21, 8), now: () => clock.ms, sleep: async () => {} };
  const scheduled = async (options: LocalAwsOptions, rate = '5 minutes') => {
    const { aws, client } = await setUp(options);
    const events: unknown[] = [];
    const fn = aws.functions.register('sweep', (event) => void events.push(event));
    await client.send(new PutRuleCommand({ Name: 'sweep', ScheduleExpression: `rate(${rate})` }));
    await client.send(new PutTargetsCommand({ Rule: 'sweep', Targets: [{ Id: 'sweep', Arn: fn.arn }] }));
    return events;
  };

  const byClock = await scheduled({ clock });
  clock.ms += 5 * 60_000;
  await expect
    .poll(() => byClock)
    .toMatchObject([
      {
        source: 'aws.events',
        'detail-type': 'Scheduled Event',
        resources: [expect.stringMatching(/:rule\/sweep$/) as string],
        detail: {},
      },
    ]);

  const often = await scheduled({ sweepEveryMs: 10 });
  const twelveTimesRarer = await scheduled({ sweepEveryMs: 10 }, '1 hour');
  await expect.poll(() => often.length).toBeGreaterThan(24);
  expect(twelveTimesRarer.length).toBeLessThan(often.length / 4);
});

test('an entry that is wrong fails alone', async () => {
  const { aws, client } = await setUp();
  const entry = { Source: 'keyturn', DetailType: 'x', Detail: '{}', EventBusName: 'facts' };

  const { FailedEntryCount, Entries } = await client.send(
    new PutEventsCommand({
      Entries: [
        entry,
        { ...entry, Detail: 'text' },
        { ...entry, Source: 'aws.secretsmanager' },
        { ...entry, DetailType: undefined },
        { ...entry, EventBusName: 'nowhere' },
      ],
    }),
  );

  expect(FailedEntryCount).toBe(4);
  expect(Entries?.map(({ ErrorCode }) => ErrorCode)).toEqual([
    undefined,
    'MalformedDetail',
    'NotAuthorizedForSourceException',
    'InvalidArgument',
    'ResourceNotFoundException',
  ]);
  expect(aws.events).toHaveLength(1);
});

test('a request has at most ten entries and 1 MiB', async () => {
  const { client } = await setUp();
  const entry = { Source: 'keyturn', DetailType: 'x', Detail: JSON.stringify({ x: 'x'.repeat(1_048_576) }) };

  const long = client.send(new PutEventsCommand({ Entries: [entry] }));
  const many = client.send(
    new PutEventsCommand({ Entries: Array.from({ length: 11 }, () => ({ ...entry, Detail: '{}' })) }),
  );

  await expect(long).rejects.toMatchObject({ name: 'ValidationException' });
  await expect(many).rejects.toMatchObject({ name: 'ValidationException' });
});

test('a replay puts archived events on their bus again, named', async () => {
  const { aws, client, put, route, queueFor, bodies, ruleArn } = await setUp();
  const { arn: EventSourceArn } = aws.buses.find('facts');
  const queue = queueFor('out', ruleArn);
  await route({ Arn: queue.arn }, { source: ['keyturn'], 'replay-name': [{ exists: false }] });
  const { ArchiveArn } = await client.send(new CreateArchiveCommand({ ArchiveName: 'all', EventSourceArn }));
  await put({ n: 1 });

  await client.send(
    new StartReplayCommand({
      ReplayName: 'again',
      EventSourceArn: ArchiveArn,
      EventStartTime: new Date(Date.now() - 60_000),
      EventEndTime: new Date(Date.now() + 60_000),
      Destination: { Arn: EventSourceArn },
    }),
  );

  await expect.poll(() => aws.events.map((event) => event['replay-name'])).toEqual([undefined, 'again']);
  expect(await client.send(new DescribeReplayCommand({ ReplayName: 'again' }))).toMatchObject({ State: 'COMPLETED' });
  expect(bodies('out')).toHaveLength(1);
});

test('rules are listed and checked, and patterns can be tried', async () => {
  const { aws, client, route } = await setUp();
  await route({ Arn: `arn:aws:sqs:${aws.region}:${aws.account}:out` });
  const putRule = (rule: object) => client.send(new PutRuleCommand({ Name: 'x', ...rule }));

  const { Rules } = await client.send(new ListRulesCommand({ EventBusName: 'facts' }));
  expect(Rules).toMatchObject([{ Name: 'all', State: 'ENABLED', EventBusName: 'facts' }]);

  await expect(putRule({ EventPattern: '{"source":"x"}' })).rejects.toMatchObject({
    name: 'InvalidEventPatternException',
  });
  await expect(putRule({})).rejects.toMatchObject({ name: 'ValidationException' });
  await expect(putRule({ ScheduleExpression: 'rate(5 minute)' })).rejects.toMatchObject({
    name: 'ValidationException',
  });
  await expect(putRule({ ScheduleExpression: 'rate(1 hour)', EventBusName: 'facts' })).rejects.toMatchObject({
    name: 'ValidationException',
  });
  const tried = new TestEventPatternCommand({ EventPattern: '{"source":["a"]}', Event: '{"source":"a"}' });
  expect((await client.send(tried)).Result).toBe(true);
});
