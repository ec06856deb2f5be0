import { mkdtemp, rm, writeFile, mkdir } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';

import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';

import { deployServerless } from './deploy-serverless.ts';
import { localAws } from './local-aws.ts';
import { readServerless } from './read-serverless.ts';

const open: { close(): Promise<void> }[] = [];
afterEach(async () => {
  for (const aws of open.splice(0)) await aws.close();
});

const serverless = `
service: sample
provider:
  name: aws
  region: \${file(infra/stage.cjs):region}
  stage: \${file(infra/stage.cjs):stage}
  environment:
    SHARED: yes-\${sls:stage}
functions:
  - first:
      name: \${self:service}-\${sls:stage}-first
      handler: services/first/src/handler.handler
      timeout: 10
      environment: &both
        QUEUE_URL: !Ref Queue
      events:
        - sqs: { arn: !GetAtt Queue.Arn, batchSize: 1, functionResponseType: ReportBatchItemFailures }
    second:
      name: \${self:service}-\${sls:stage}-second
      handler: services/first/src/handler.handler
      environment: *both
      maximumRetryAttempts: 0
      destinations:
        onFailure: { type: sqs, arn: !GetAtt Queue.Arn }
  - \${file(infra/stage.cjs):functions}
resources:
  - \${file(infra/queues.yml)}
`;
const queues = `
Resources:
  Queue:
    Type: AWS::SQS::Queue
    Properties:
      QueueName: !Sub \${AWS::Region}-\${sls:stage}-work
      VisibilityTimeout: 60
`;
const stage = `
module.exports = () => ({
  stage: 'dev',
  region: 'eu-west-1',
  functions: { 'api-issue': { name: 'sample-dev-api-issue', handler: 'services/first/src/handler.handler', environment: { PROVIDER_ID: 'api' } } },
});
`;
const handler = `
import { shared } from './shared.ts';
const own = { name: process.env.AWS_LAMBDA_FUNCTION_NAME, queue: process.env.QUEUE_URL, shared: process.env.SHARED, provider: process.env.PROVIDER_ID };
export const handler = async () => { shared.calls += 1; return { ...own, calls: shared.calls, config: process.env.KEYTURN_CONFIG === undefined }; };
`;

let root: string;
const put = async (path: string, text: string) => {
  await mkdir(dirname(join(root, path)), { recursive: true });
  await writeFile(join(root, path), text);
};
beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), 'local-aws-'));
  await put('package.json', '{"type":"module"}');
  await put('serverless.yml', serverless);
  await put('infra/queues.yml', queues);
  await put('infra/stage.cjs', stage);
  await put('services/first/src/handler.ts', handler);
  await put('services/first/src/shared.ts', 'export const shared = { calls: 0 };');
});
afterAll(() => rm(root, { recursive: true }));

test('deploys functions that each see their own environment, and share what they import', async () => {
  const aws = await localAws();
  open.push(aws);
  const before = process.env['QUEUE_URL'];

  const { stage: deployed, references } = await deployServerless(aws, { root });
  const call = async (name: string) => {
    const { payload } = await aws.functions.invoke(aws.functions.find(name), {});
    return JSON.parse(payload) as unknown;
  };

  const queue = `${aws.url}/${aws.account}/eu-central-1-dev-work`;
  expect([deployed, references['Queue']]).toEqual(['dev', queue]);
  expect(await call('sample-dev-first')).toMatchObject({
    name: 'sample-dev-first',
    queue,
    shared: 'yes-dev',
    calls: 1,
  });
  expect(await call('sample-dev-second')).toMatchObject({ name: 'sample-dev-second', queue, calls: 2 });
  expect(await call('sample-dev-api-issue')).toMatchObject({ provider: 'api', calls: 3, config: true });
  expect(process.env['QUEUE_URL']).toBe(before);
  expect(process.env['AWS_ENDPOINT_URL']).toBe(aws.url);
  expect(aws.mappings.list()).toMatchObject([{ batchSize: 1, reportsItemFailures: true }]);
  expect(aws.functions.find('sample-dev-second').async).toMatchObject({ maximumRetryAttempts: 0 });
});

test('a second deployment in the same process has its own handlers', async () => {
  const names = ['sample-dev-first', 'sample-dev-second'];
  const answers: unknown[] = [];
  const urls: string[] = [];
  for (let n = 0; n < 2; n += 1) {
    const aws = await localAws();
    open.push(aws);
    urls.push(aws.url);
    await deployServerless(aws, { root });
    for (const name of names) {
      const { payload } = await aws.functions.invoke(aws.functions.find(name), {});
      answers.push((JSON.parse(payload) as { queue: string }).queue.startsWith(aws.url));
    }
  }

  expect(new Set(urls).size).toBe(2);
  expect(answers).toEqual([true, true, true, true]);
});

test('deploys this repository: every handler loads, every queue that feeds one has its mapping', async () => {
  const aws = await localAws();
  open.push(aws);

  await deployServerless(aws, { root: join(import.meta.dirname, '../../..') });

  const names = aws.functions.list().map(({ name }) => name);
  expect(names).toEqual(expect.arrayContaining(['keyturn-prod-rotation-handler', 'keyturn-prod-apigee-retire']));
  expect(aws.mappings.list().map(({ fn }) => fn.name)).toEqual(
    ['announcer', 'verifier', 'cleanup', 'notifier'].map((name) => `keyturn-prod-${name}`),
  );
});

test.each([
  ['a variable', 'service: sample', 'service: ${env:NAME}', '${env:NAME}'],
  ['a member of a file', ':region}', ':place}', 'infra/stage.cjs has no place'],
  ['a tag', '!Ref Queue', '!Select Queue', 'Unresolved tag: !Select'],
  ['an event', 'sqs: {', 'stream: {', 'Unrecognized key: \\"stream\\"'],
  ['a property of a function', 'timeout: 10', 'layers: []', 'Unrecognized key: \\"layers\\"'],
])('refuses %s that it does not know', async (_, known, unknown, message) => {
  await put('serverless.yml', serverless.replace(known, unknown));

  expect(() => readServerless(root)).toThrow(message);
});
