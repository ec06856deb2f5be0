import { readFileSync } from 'node:fs';
import { join } from 'node:path';

import { eventTypes, heardTypes } from '@keyturn/events/catalogue';
import { eventPattern } from '@keyturn/local-aws/event-pattern';
import { describe, expect, test } from 'vitest';

import { cloudTrail, labelUpdated } from './aws-events.ts';
import { grantsOf } from './roles.ts';
import { reachable, root, sourceFiles } from './source-files.ts';
import { composedTemplate, list, ofType, pointee } from './template.ts';

const template = composedTemplate();
const rules = new Map(ofType(template, 'AWS::Events::Rule'));
const takes = (rule: string, event: object): boolean => eventPattern(rules.get(rule)!.EventPattern)(event);

const readExample = (type: string): Record<string, unknown> =>
  JSON.parse(readFileSync(join(root, `events/examples/${type}.json`), 'utf8')) as Record<string, unknown>;
const ours = eventTypes.map((type) => [type, readExample(type)] as const);

const routes: readonly (readonly [string, object, readonly string[]])[] = [
  ['a moved AWSCURRENT', labelUpdated('AWSCURRENT'), ['LabelMovedRule']],
  ['another label', labelUpdated('KEYTURN'), []],
  ['CloudTrail on a failed rotation', cloudTrail('RotationFailed'), ['RotationDiedRule']],
  ['CloudTrail on an abandoned rotation', cloudTrail('RotationAbandoned'), ['RotationDiedRule']],
  ['CloudTrail on a failed dry run', cloudTrail('TestRotationFailed'), ['RotationDiedRule']],
  [
    'CloudTrail under its other name',
    cloudTrail('RotationFailed', 'AWS API Call via CloudTrail'),
    ['RotationDiedRule'],
  ],
  ['CloudTrail on a rotation that succeeded', cloudTrail('RotationSucceeded'), []],
];

/** The rules of the bus it comes by, but those of subscribers. */
const takers = (event: object, bus: string | undefined): readonly string[] =>
  [...rules]
    .filter(([id, { EventPattern, EventBusName }]) => {
      return (
        !id.startsWith('Subscriber') &&
        pointee(EventBusName) === bus &&
        EventPattern &&
        eventPattern(EventPattern)(event)
      );
    })
    .map(([id]) => id);

describe('an event of AWS, on the default bus', () => {
  test.each(routes)('%s', (_, event, expected) => {
    expect(takers(event, undefined)).toEqual(expected);
  });
});

describe('an event of ours, on our bus', () => {
  const more: Partial<Record<string, readonly string[]>> = {
    SecretRotated: ['VerifierRule', 'CleanupRule'],
    RotationFailed: ['FailureToldRule', 'CleanupRule'],
    VerificationFailed: ['CleanupRule'],
  };

  test.each(ours)('%s', (type, event) => {
    expect(takers(event, 'Bus').toSorted()).toEqual([...(more[type] ?? []), 'NotifierRule'].toSorted());
  });

  test('what a reader says goes to cleanup alone', () => {
    const [word] = heardTypes.map(readExample);

    expect(heardTypes).toHaveLength(1);
    expect(takers(word!, 'Bus')).toEqual(['CleanupRule']);
    expect(takers({ ...word, 'replay-name': 'again' }, 'Bus')).toEqual([]);
  });

  test('that somebody else sends under its name goes nowhere', () => {
    const [, event] = ours[0]!;

    expect(takers({ ...event, source: 'com.example.keyturn' }, 'Bus')).toEqual([]);
  });
});

test('a replayed event notifies nobody and retires nothing; a subscriber gets it', () => {
  const replay = (event: object) => ({ ...event, 'replay-name': 'again' });
  const replayed = ours.map(([, event]) => replay(event));
  const fromAws = routes.map(([, event]) => replay(event));

  expect(replayed.flatMap((event) => takers(event, 'Bus'))).toEqual([]);
  expect(fromAws.flatMap((event) => takers(event, undefined))).toEqual([]);
  expect(replayed.some((event) => takes('SubscriberSecurityDashauditRule', event))).toBe(true);
});

test('a subscriber gets the events it asked for, of the secrets it asked for', () => {
  const rotated = readExample('SecretRotated') as { detail: { data: object } };
  const others = { ...rotated, detail: { data: { ...rotated.detail.data, secretName: 'orders/apigee' } } };

  expect(takes('SubscriberPaymentsRule', rotated)).toBe(true);
  expect(takes('SubscriberPaymentsRule', others)).toBe(false);
  expect(takes('SubscriberPaymentsRule', readExample('SecretAdopted'))).toBe(false);
});

test('every name in a rule and in a role is an event that exists', () => {
  const inRules = [...rules.values()]
    .filter(({ EventBusName }) => pointee(EventBusName) === 'Bus')
    .flatMap(({ EventPattern }) => EventPattern!['detail-type'] as string[]);
  const inRoles = grantsOf(template, 'events:PutEvents').flatMap(({ statement: { Condition } }) =>
    list(Condition?.['StringEquals']?.['events:detail-type'] as string | string[]),
  );

  expect([...inRules, ...inRoles].filter((name) => ![...eventTypes, ...heardTypes].includes(name))).toEqual([]);
  expect(inRules.length).toBeGreaterThan(10);
});

const publishers = [
  ['rotation-handler', 'RotationHandlerRole'],
  ['announcer', 'AnnouncerRole'],
  ['verifier', 'VerifierRole'],
  ['cleanup', 'CleanupRole'],
  ['watchdog', 'WatchdogRole'],
  ['notifier', 'NotifierRole'],
] as const;
const publishedBy = (service: string): readonly string[] => {
  const names = reachable(`services/${service}/src/handler.ts`, sourceFiles()).flatMap(
    ({ text }) => text.match(/\b[A-Z]\w+(?=\.create\()/g) ?? [],
  );
  return [...new Set(names)].toSorted();
};

test.each(publishers)('%s may publish what its code publishes, and nothing else', (service, role) => {
  const allowed = grantsOf(template, 'events:PutEvents')
    .filter((grant) => grant.role === role)
    .flatMap(({ statement }) => list(statement.Condition?.['StringEquals']?.['events:detail-type'] as string));

  expect(publishedBy(service)).toEqual(allowed.toSorted());
});

// `keyturn adopt` and `keyturn notify test` publish with the credentials of the person who runs them.
test('every event but those of the command line is published by a service', () => {
  const published = publishers.flatMap(([service]) => publishedBy(service));

  expect([...new Set([...published, 'SecretAdopted', 'NotificationTestRequested'])].toSorted()).toEqual(
    eventTypes.toSorted(),
  );
});

test('a function is given every variable that its handler asks for', () => {
  const missing = Object.values(template.functions).flatMap(({ name, handler, environment = {} }) => {
    const source = readFileSync(join(root, handler.replace(/\.\w+$/, '.ts')), 'utf8');
    const [, asked = ''] = /readEnv\(\{(.*?)\}\)/s.exec(source) ?? [];
    const variables = [...asked.matchAll(/^\s*([A-Z_]+):(?!.*(?:optional|default)\().*$/gm)].map((match) => match[1]!);
    expect(variables).toContain('KEYTURN_CONFIG');
    return variables
      .filter((variable) => !(variable in environment) && !(variable in template.environment))
      .map((variable) => `${name}: ${variable}`);
  });

  expect(missing).toEqual([]);
});
