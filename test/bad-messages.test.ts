import { join } from 'node:path';

import rotatedExample from '@keyturn/events/examples/SecretRotated.json' with { type: 'json' };
import { deployServerless } from '@keyturn/local-aws/deploy-serverless';
import { localAws, type LocalAws } from '@keyturn/local-aws/local-aws';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';

// The deployed handlers of this repository, behind the queues of its template.
let aws: LocalAws;
beforeAll(async () => {
  aws = await localAws();
  const root = join(import.meta.dirname, '..');
  const environment = { POWERTOOLS_LOG_LEVEL: 'SILENT' };
  await deployServerless(aws, { root, config: join(root, 'config/example.yaml'), environment });
}, 30_000);
afterAll(() => aws.close());

const consumers = ['announcer', 'verifier', 'cleanup', 'notifier'];
const canary = 'canary-4711';
const secretArn = 'arn:aws:secretsmanager:eu-central-1:123456789012:secret:orders/apigee-AbCdEf';

const messages: [string, string][] = [
  ['text that is no JSON', `{"consumerSecret": "${canary}`],
  ['an empty object', '{}'],
  [
    'an event of somebody else',
    JSON.stringify({ source: 'aws.ec2', 'detail-type': 'State change', detail: { canary } }),
  ],
  [
    'half an event of ours',
    JSON.stringify({ source: 'keyturn', 'detail-type': 'SecretRotated', detail: { data: { secretArn } } }),
  ],
];

test.each(consumers.flatMap((consumer) => messages.map(([what, body]) => [consumer, what, body] as const)))(
  'I12: the %s puts %s into its dead-letter queue at once, with the reason',
  async (consumer, _what, body) => {
    const queue = aws.queues.find(`keyturn-prod-${consumer}`);
    const deadLetters = aws.queues.find(`keyturn-prod-${consumer}-dlq`);

    queue.send({ body });

    const letter = await vi.waitUntil(() => deadLetters.messages[0], { timeout: 5000 });
    expect(letter.body).toBe(body);
    const attributes = JSON.stringify(letter.attributes);
    expect(attributes).toContain('malformed');
    expect(attributes).not.toContain(canary);
    await vi.waitUntil(() => queue.messages.length === 0, { timeout: 5000 });
    deadLetters.purge();
  },
);

test.each(['announcer', 'verifier'])(
  'the %s puts an event of a wrongly tagged secret into its dead-letter queue, with the name of the tag',
  async (consumer) => {
    const handler = aws.functions.list().find(({ name }) => name.endsWith('-rotation-handler'));
    const { ARN: arn = '', VersionId: versionId = '' } = await aws.secrets.createSecret({
      Name: `orders/${consumer}`,
      SecretString: `{"api_key":"${canary}","api_secret":"${canary}"}`,
      Tags: [{ Key: 'keyturn:provider', Value: 'https://evil.example' }],
    });
    await aws.secrets.rotateSecret({
      SecretId: arn,
      RotationLambdaARN: handler?.arn ?? '',
      RotationRules: { ScheduleExpression: 'rate(30 days)' },
      RotateImmediately: false,
    });
    const golden = JSON.parse(JSON.stringify(rotatedExample)) as typeof rotatedExample;
    Object.assign(golden.detail.data, { secretArn: arn, versionId });
    const hint = {
      source: 'keyturn',
      'detail-type': 'LabelMoved',
      time: new Date().toISOString(),
      resources: [arn],
      detail: { secretArn: arn, versionId },
    };
    const deadLetters = aws.queues.find(`keyturn-prod-${consumer}-dlq`);
    const body = JSON.stringify(consumer === 'announcer' ? hint : golden);

    aws.queues.find(`keyturn-prod-${consumer}`).send({ body });

    const about = () => deadLetters.messages.find((message) => message.body === body)?.attributes;
    const attributes = JSON.stringify(await vi.waitUntil(about, { timeout: 5000 }));
    expect(attributes).toContain('misconfigured');
    expect(attributes).toContain('tag keyturn:provider');
    expect(attributes).not.toContain('evil');
    expect(attributes).not.toContain(canary);
  },
);
