import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

import { eventTypes } from '@keyturn/events/catalogue';
import { eventPattern } from '@keyturn/local-aws/event-pattern';
import { reasons } from '@keyturn/rotation/errors';
import { describe, expect, test } from 'vitest';

import { cloudTrail, labelUpdated } from './aws-events.ts';
import { checkTemplate } from './check-template.ts';
import { compile, templateOf } from './compiled-template.ts';
import { consumers, delivery, queues, rules } from './delivery.ts';
import { dutiesOfRoles } from './duties.ts';
import { everythingOn, teamFunctions } from './everything-on.ts';
import { linkedPages, operations } from './operations.ts';
import { platform } from './platform.ts';
import { privileges } from './privileges.ts';
import { grantsOf } from './roles.ts';
import { root } from './source-files.ts';
import { composedTemplate, pointee } from './template.ts';

const everything = everythingOn();
const compiled = {
  example: compile(join(root, 'config/example.yaml')),
  everything: compile(everything.file),
};
everything.remove();
const example = templateOf(compiled.example);
const full = templateOf(compiled.everything);

describe('serverless.yml as we wrote it', () => {
  checkTemplate(composedTemplate(), [...delivery, ...privileges, ...dutiesOfRoles]);
});

describe('what osls makes of the example', () => {
  checkTemplate(example, [...delivery, ...privileges, ...dutiesOfRoles, ...operations]);
});

describe('what osls makes of a configuration with everything on', () => {
  checkTemplate(full, [...delivery, ...privileges, ...dutiesOfRoles, ...operations, ...platform]);
});

test('the templates are not empty where these rules look', () => {
  for (const template of [composedTemplate(), example, full]) {
    expect(queues(template).length).toBeGreaterThan(10);
    expect(rules(template).length).toBeGreaterThan(8);
    expect(consumers(template).map(({ entry }) => entry.name)).toEqual(
      ['announcer', 'verifier', 'cleanup', 'notifier'].map((name) => `keyturn-prod-${name}`),
    );
    expect(grantsOf(template, 'lambda:InvokeFunction').length).toBeGreaterThan(3);
    expect(grantsOf(template, 'secretsmanager:').length).toBeGreaterThan(7);
  }
});

test('the notifier handles one message after the other, two beside each other: mail that hangs has half a minute, and Slack takes about one a second', () => {
  expect(example.functions['notifier']!.events![0]!.sqs).toMatchObject({ batchSize: 1, maximumConcurrency: 2 });
});

test.each([
  ['cleanup', 1.5, 10_000 / 900],
  ['announcer', 1 / 5, 10_000 / 900],
])('%s keeps up with 10,000 secrets, also where each takes three times as long', (name, seconds, perSecond) => {
  const { maximumConcurrency = 0 } = example.functions[name]!.events![0]!.sqs;

  expect(maximumConcurrency).toBeGreaterThanOrEqual(3 * seconds * perSecond);
});

test('every pattern takes an event that is told, and only those of subscribers take a replayed one', () => {
  const golden = eventTypes.map(
    (type) => JSON.parse(readFileSync(join(root, `events/examples/${type}.json`), 'utf8')) as object,
  );
  const ofAws = [labelUpdated('AWSCURRENT'), cloudTrail('RotationFailed')];
  const patterned = rules(full).filter(([, { EventPattern }]) => EventPattern !== undefined);

  for (const [id, { EventBusName, EventPattern }] of patterned) {
    const told = pointee(EventBusName) === 'Bus' ? golden : ofAws;
    const takes = eventPattern(EventPattern);
    expect(told.filter(takes), id).not.toEqual([]);
    const replayed = told.map((event) => Object.assign({}, event, { 'replay-name': 'restore' })).filter(takes);
    expect(replayed.length > 0, id).toBe(id.startsWith('Subscriber'));
  }
  expect(patterned.length).toBe(6 + 4);
});

test('what is configured is deployed, and nothing else', () => {
  const adapters = ({ functions }: typeof full) =>
    Object.values(functions)
      .map(({ name }) => name)
      .filter((name) => /-(issue|retire)$/.test(name));

  expect(adapters(example)).toEqual(['keyturn-prod-apigee-issue', 'keyturn-prod-apigee-retire']);
  expect(adapters(full)).toEqual([
    'keyturn-prod-apigee-issue',
    'keyturn-prod-apigee-retire',
    'keyturn-prod-partner-issue',
    'keyturn-prod-partner-retire',
    'keyturn-prod-apigateway-issue',
    'keyturn-prod-apigateway-retire',
    'keyturn-prod-vendor-issue',
    'keyturn-prod-vendor-retire',
    'keyturn-prod-hosts-issue',
    'keyturn-prod-hosts-retire',
  ]);
  expect(Object.keys(full.resources).filter((id) => /^Subscriber\w+Role$/.test(id))).toEqual(['SubscriberBusRole']);
});

test('the bus takes one event from the accounts of readers that acknowledge, and without such readers from nobody else', () => {
  const policies = (template: typeof full) =>
    Object.values(template.resources).filter(({ Type }) => /^AWS::Events::EventBusPolicy$/.test(Type));

  expect(policies(example)).toEqual([]);
  expect(policies(full).map(({ Properties }) => Properties)).toEqual([
    {
      EventBusName: { Ref: 'Bus' },
      StatementId: 'TakeVersionAdopted',
      Statement: {
        Sid: 'TakeVersionAdopted',
        Effect: 'Allow',
        Principal: {
          AWS: ['444455556666', '777788889999'].map((account) => ({
            'Fn::Sub': `arn:\${AWS::Partition}:iam::${account}:root`,
          })),
        },
        Action: 'events:PutEvents',
        Resource: { 'Fn::GetAtt': ['Bus', 'Arn'] },
        Condition: {
          Null: { 'events:source': 'false' },
          'ForAllValues:StringEquals': { 'events:source': 'keyturn' },
          StringEquals: { 'events:detail-type': 'VersionAdopted' },
        },
      },
    },
  ]);
});

test('without a key nothing names one, and each parameter is as the configuration says', () => {
  const defaults = (template: typeof compiled.example) =>
    Object.fromEntries(Object.entries(template.Parameters).map(([name, { Default }]) => [name, Default]));

  expect(JSON.stringify(example.resources)).not.toContain('KmsKeyArn');
  expect(JSON.stringify(full.resources)).not.toContain('NoValue');
  expect(defaults(compiled.example)).toMatchObject({ PermissionsBoundary: '', KmsKeyArn: '', RolePath: '/' });
  expect(defaults(compiled.everything)).toEqual({
    PermissionsBoundary: 'arn:aws:iam::111122223333:policy/teams/boundary',
    RolePath: '/teams/keyturn/',
    KmsKeyArn: 'arn:aws:kms:eu-central-1:111122223333:key/0d079340-135a-48c6-95c2-41fb8f496c53',
    LogRetentionDays: 365,
    AlarmTopicArn: 'arn:aws:sns:eu-central-1:111122223333:on-call',
  });
});

test('what a stage consists of is told as outputs and as parameters of SSM, of the same values', () => {
  const parameters = Object.values(full.resources)
    .filter(({ Type }) => Type === 'AWS::SSM::Parameter')
    .map(({ Properties }) => Properties as { Name: string; Value: unknown });
  const named = new Map(parameters.map(({ Name, Value }) => [Name, Value]));

  expect(Object.fromEntries(named)).toMatchObject({
    '/keyturn/prod/bus/name': { Ref: 'Bus' },
    '/keyturn/prod/rotation-handler/arn': { 'Fn::GetAtt': ['RotationHandlerLambdaFunction', 'Arn'] },
    '/keyturn/prod/queues/announcer-dlq/url': { Ref: 'AnnouncerDlq' },
    '/keyturn/prod/queues/to-queue-dlq/url': { Ref: 'SubscriberQueueDlq' },
    '/keyturn/prod/providers/partner/retire': 'keyturn-prod-partner-retire',
    '/keyturn/prod/providers/team/retire': teamFunctions.retire,
    '/keyturn/prod/runbooks': 'https://wiki.acme.example/keyturn/runbooks',
    '/keyturn/prod/version': expect.stringMatching(/^\d+\.\d+\.\d+/) as string,
    '/keyturn/prod/fleet': 'running',
  });
  const outputs = new Set(Object.values(compiled.everything.Outputs).map(({ Value }) => JSON.stringify(Value)));
  const told = [...named].filter(([name]) => !name.endsWith('/fleet')).map(([, value]) => JSON.stringify(value));
  expect(told.filter((value) => !outputs.has(value))).toEqual([]);
});

test('what is there only with a key of the stage is told only with it', () => {
  const { Outputs, Resources } = compiled.everything;

  expect(Outputs['BusDlqUrl']).toEqual({ Condition: 'HasKmsKey', Value: { Ref: 'BusDlq' } });
  expect(Resources['BusDlqUrlParameter']).toMatchObject({ Condition: 'HasKmsKey' });
});

describe('runbooks', () => {
  const folder = join(root, 'docs/runbooks');
  const pages = readdirSync(folder)
    .filter((name) => name !== 'README.md')
    .map((name) => name.replace(/\.md$/, ''));
  // The watchdog's events link these.
  const found = ['rotation-overdue', 'admin-secret', 'orphan-found'];
  const wanted = [...new Set([...linkedPages(full), ...reasons, ...found])];

  test('there is a page for each alarm, each reason and each finding, and no other', () => {
    expect(pages.toSorted()).toEqual(wanted.toSorted());
  });

  test.each(pages)('what %s reads of SSM is told by the stage', (name) => {
    const told = Object.values(full.resources).flatMap(({ Type, Properties }) =>
      Type === 'AWS::SSM::Parameter' ? [(Properties as { Name: string }).Name] : [],
    );

    const text = readFileSync(join(folder, `${name}.md`), 'utf8').replaceAll('to-NAME-dlq', 'to-queue-dlq');
    const read = [...text.matchAll(/--name (\/keyturn\/STAGE\/\S+)/g)].map(([, parameter = '']) => parameter);

    expect(told).toEqual(expect.arrayContaining(read.map((parameter) => parameter.replace('STAGE', 'prod'))));
  });

  test('the index names each page', () => {
    const index = readFileSync(join(folder, 'README.md'), 'utf8');

    expect(pages.filter((name) => !index.includes(`| [${name}](${name}.md) |`))).toEqual([]);
  });

  test.each(pages)('%s says symptom, applications, check, mend and rolling back', (name) => {
    const text = readFileSync(join(folder, `${name}.md`), 'utf8');

    for (const part of ['Symptom', 'Applications', 'Check', 'Mend', 'Roll back'])
      expect(text).toContain(`**${part}.** `.trim());
    expect(text).toMatch(/\b(live|go on|refused|fail|unknown)\b/i);
    expect(text).not.toMatch(/\]\((?!README\.md|[a-z-]+\.md)/);
  });
});
