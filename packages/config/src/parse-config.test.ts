import { readFileSync } from 'node:fs';

import { PermanentError } from '@keyturn/rotation/errors';
import { describe, expect, test } from 'vitest';

import { parseConfig } from './parse-config.ts';

const example = readFileSync(new URL('../../../config/example.yaml', import.meta.url), 'utf8');

describe('the example', () => {
  test('passes the check', () => {
    const config = parseConfig(example);

    expect(config.stage).toBe('prod');
  });

  test('has its durations in milliseconds', () => {
    const { policies, providers, timing } = parseConfig(example);

    expect(policies['standard']).toMatchObject({ grace: 86_400_000, soak: 604_800_000, propagationBudget: 3_600_000 });
    expect(providers['apigee']).toMatchObject({ propagation: 180_000, revocation: 180_000 });
    expect(timing).toEqual({
      toleratedSkew: 300_000,
      eventLag: 300_000,
      orphanMinAge: 3_600_000,
      holdRetry: 3_600_000,
      stuckAfter: 7_200_000,
    });
  });

  test('says in its comment what the grace of its standard policy takes', () => {
    const said = /At least (?<sum>.+) here/.exec(example)?.groups?.['sum'];

    expect(refusal(changed('grace: 24h', 'grace: 1h')).message).toContain(`takes ${said}:`);
  });
});

describe('names the field of', () => {
  test.each([
    ['a field that does not exist', 'stage: prod', 'stage: prod\ncolour: red', 'colour', 'there is no such field'],
    [
      'a field that does not exist, further in',
      'window: 4h',
      'widow: 4h',
      'policies.standard.widow',
      'there is no such field',
    ],
    [
      'a stage that cannot be a name',
      'stage: prod',
      'stage: Prod',
      'stage',
      'lower case letters, digits and dashes, 30 at most',
    ],
    ['a missing schedule', 'schedule: rate(90 days)', 'accepts: 3', 'policies.trial.schedule', 'is missing'],
    ['a schedule of another form', 'rate(90 days)', 'monthly', 'policies.trial.schedule', 'rate(…) or cron(…)'],
    [
      'a duration without unit',
      'grace: 24h',
      'grace: 24',
      'policies.standard.grace',
      'Invalid input: expected string, received number',
    ],
    [
      'a provider of an unknown kind',
      'kind: apigee',
      'kind: kong',
      'providers.apigee.kind',
      "Invalid discriminator value. Expected 'apigee'",
    ],
    [
      'a reader that does not exist',
      '[daily-restart, aws-cache]',
      '[aws-cache, boto]',
      'policies.slow-readers.readers.1',
      'there is no reader boto',
    ],
    [
      'a reader that every object has',
      '[daily-restart, aws-cache]',
      '[constructor]',
      'policies.slow-readers.readers.0',
      'there is no reader constructor',
    ],
    [
      'a probe of an unknown URL',
      'url: partner',
      'url: private',
      'providers.apigee.probes.1.url',
      'is none of providers.apigee.urls',
    ],
    ['two probes of one id', 'id: any', 'id: orders', 'providers.apigee.probes.2.id', 'orders is there twice'],
    [
      'a path that is another host',
      'path: /orders/v1/ping',
      'path: //evil.example/ping',
      'providers.apigee.probes.0.path',
      expect.stringContaining('begins with one slash'),
    ],
    [
      'a path that a URL reads as another host',
      'path: /orders/v1/ping',
      'path: /\\evil.example/ping',
      'providers.apigee.probes.0.path',
      expect.stringContaining('begins with one slash'),
    ],
    [
      'a URL without TLS',
      'https://api.acme.example',
      'http://api.acme.example',
      'providers.apigee.urls.public',
      'is not https, and allowHttp does not list api.acme.example',
    ],
    [
      'a URL that is no address',
      'https://api.acme.example',
      'file:///etc/passwd',
      'providers.apigee.urls.public',
      'is not an https URL',
    ],
    [
      'a URL with a query',
      'https://api.acme.example',
      'https://api.acme.example/?',
      'providers.apigee.urls.public',
      'has a query or a fragment',
    ],
    [
      'a URL with a fragment',
      'https://api.acme.example',
      'https://api.acme.example/#a',
      'providers.apigee.urls.public',
      'has a query or a fragment',
    ],
    [
      'allowHttp that is a URL',
      'propagation: 3m',
      'allowHttp: ["http://api.acme.example"]',
      'providers.apigee.allowHttp.0',
      'a host name without scheme, port and path',
    ],
    [
      'runbooks without TLS',
      'runbooks: https:',
      'runbooks: http:',
      'runbooks',
      'is not https, and allowHttp does not list wiki.acme.example',
    ],
    [
      'one field for key id and secret',
      'secret: /api_secret',
      'secret: /api_key',
      'shapes.pair.secret',
      'is the same field as keyId',
    ],
    [
      'a pointer without slash',
      'keyId: /api_key',
      'keyId: api_key',
      'shapes.pair.keyId',
      'a JSON Pointer such as /api_key',
    ],
    [
      'a pointer with a wrong escape',
      'keyId: /api_key',
      'keyId: /api~2key',
      'shapes.pair.keyId',
      'a JSON Pointer such as /api_key',
    ],
    ['a missing default route', '  default: {', '  defaults: {', 'routes.default', 'is missing'],
    [
      'a default route without address',
      'default: { slack: C0KEYTURN01, mail: [platform@acme.example] }',
      'default: {}',
      'routes.default',
      'has no address: nobody would hear of what has no owner',
    ],
    [
      'an owner that no tag can name',
      'internal-tools: {}',
      '"https://evil.example": {}',
      'routes.https://evil.example',
      'cannot be the value of a tag',
    ],
    ['a Slack route without Slack', /  slack:\n(?: {4}.*\n)+/, '', 'routes.default.slack', 'needs notifications.slack'],
    [
      'a mail route without a sender',
      /  mail:\n    #.*\n    from: .*\n/,
      '',
      'routes.default.mail',
      'needs notifications.mail',
    ],
    [
      'a Slack without a secret',
      /    tokenSecret: .*\n(?: {4}.*\n)+/,
      '    apiUrl: https://slack.com/api/\n',
      'notifications.slack',
      'needs tokenSecret, webhookSecret or both',
    ],
    [
      'a Slack webhook without TLS',
      'webhookSecret: ',
      'webhookUrl: http://hooks.slack.com/services/\n    webhookSecret: ',
      'notifications.slack.webhookUrl',
      'is not https, and allowHttp does not list hooks.slack.com',
    ],
    [
      'a route to a webhook that is not there',
      'webhooks: [on-call, audit]',
      'webhooks: [on-call, constructor]',
      'routes.payments.webhooks.1',
      'there is no notifications.webhooks.constructor',
    ],
    [
      'a route that names a webhook twice',
      'webhooks: [on-call, audit]',
      'webhooks: [audit, audit]',
      'routes.payments.webhooks.1',
      'audit is there twice',
    ],
    [
      'a webhook with its credential in the URL',
      'https://events.pagerduty.com/v2/enqueue',
      '"https://events.pagerduty.com/v2/enqueue?key=1"',
      'notifications.webhooks.on-call.url',
      'has a query or a fragment',
    ],
    [
      'a webhook of an unknown format',
      'format: pagerduty',
      'format: opsgenie',
      'notifications.webhooks.on-call.format',
      expect.stringContaining('Invalid option'),
    ],
    [
      'an event that nobody publishes',
      'events: [SecretRotated, C',
      'events: [SecretTurned, C',
      'subscribers.0.events.0',
      expect.stringContaining('is none of SecretAdopted, SecretRotated,'),
    ],
    [
      'two subscribers of one name',
      'name: security-audit',
      'name: payments',
      'subscribers.1.name',
      'payments is there twice',
    ],
    [
      'a target that is a role',
      'arn:aws:sqs:eu-west-1:111122223333:payments-key-events',
      'arn:aws:iam::111122223333:role/admin',
      'subscribers.0.target',
      'the ARN of a queue, bus, function or topic',
    ],
    [
      'a hold-off that the provider needs longer',
      'grace: 24h',
      'holdOff: 60s',
      'policies.standard.holdOff',
      'with provider apigee: 1m is too short, it takes 3m until every node accepts a new key (propagation)',
    ],
    [
      'a propagation budget that the hold-off uses up',
      'grace: 24h',
      'propagationBudget: 2m',
      'policies.standard.propagationBudget',
      'with provider apigee: 2m is too short, it takes 3m of hold-off',
    ],
    [
      'a soak during which a node may accept the key',
      'soak: 7d',
      'soak: 1m',
      'policies.standard.soak',
      'with provider apigee: 1m is too short, it takes 3m until every node refuses a disabled key (revocation)',
    ],
    [
      'a grace too short for its readers',
      'grace: 24h',
      'grace: 2h',
      'policies.standard.grace',
      'with provider apigee: 2h is too short, it takes 2h 18m: 1h refresh of reader aws-cache + 1h stale-on-error of reader aws-cache + 5m event lag + 3m revocation cache of the provider + 10m clock margin',
    ],
  ])('%s', (_what, from, to, field, message) => {
    const error = refusal(changed(from, to));

    expect(error).toMatchObject({ reason: 'misconfigured', field });
    const told = error.message.split('\n').find((line) => line.startsWith(`${field}: `));
    expect(told?.slice(`${field}: `.length)).toEqual(message);
  });
});

test('refuses names that are too long together for a function of AWS', () => {
  const text = changed('stage: prod', 'stage: production-of-the-far-west').replace(
    '\n  apigee:',
    '\n  apigee-with-a-rather-long-name:',
  );

  const error = refusal(text);

  expect(error.field).toBe('providers.apigee-with-a-rather-long-name');
  expect(error.message).toContain('stage and provider have 48 characters');
});

test('tells of every problem at once, and its field is the first', () => {
  const error = refusal(changed('grace: 24h', 'grace: 1h').replace('url: partner', 'url: private'));

  expect(error.field).toBe('providers.apigee.probes.1.url');
  expect(error.message.split('\n').slice(1)).toEqual([
    expect.stringMatching(/^providers\.apigee\.probes\.1\.url: /),
    expect.stringMatching(/^policies\.standard\.grace: /),
  ]);
});

describe('never repeats a value', () => {
  test.each([
    ['a URL with credentials', 'https://api.acme.example', 'https://admin:hunter2@api.acme.example'],
    ['a key file in the place of its name', 'keyturn/prod/apigee-admin', '\'{"private_key": "hunter2"}\''],
    ['a token in the place of its name', 'keyturn/prod/slack-bot', 'xoxb-hunter2'],
    ['a webhook in the place of its name', 'keyturn/prod/slack-webhook', 'https://hooks.slack.com/services/hunter2'],
    ['the rest of one', 'keyturn/prod/slack-webhook', 'T012AB3C4/B012AB3C4/hunter2hunter2hunter2'],
    ['a mail address', 'partners@acme.example', 'hunter2'],
    ['a sender', 'Keyturn <keyturn@acme.example>', 'hunter2'],
    ['a kind', 'kind: apigee', 'kind: hunter2'],
    ['broken YAML', 'stage: prod', 'stage: "prod\n  hunter2: ['],
    ['a duplicate key', 'stage: prod', 'stage: hunter2\nstage: prod'],
  ])('of %s', (_what, from, to) => {
    const error = refusal(changed(from, to));

    expect(error.field).not.toBe('');
    expect(`${error.message} ${String(error.field)} ${String(error.cause)}`).not.toContain('hunter2');
  });
});

describe('is not read where YAML hides something:', () => {
  test.each([
    ['a key that is there twice', 'a: 1\na: 2', 'DUPLICATE_KEY in line 2, column 1'],
    ['an unknown tag', 'stage: !!js/function prod', 'TAG_RESOLVE_FAILED in line 1, column 8'],
    ['two documents', 'stage: prod\n---\nstage: dev', 'MULTIPLE_DOCS in line 2, column 1'],
    ['a key that is no text', '? [a]\n: 1', 'NON_STRING_KEY in line 1, column 3'],
    ['an alias of nothing', 'a: *nothing', 'an alias of nothing, or aliases of aliases that grow too large'],
    ['aliases that expand without end', bomb(), 'an alias of nothing, or aliases of aliases that grow too large'],
    ['nesting without end', '['.repeat(2000), expect.stringContaining('RESOURCE_EXHAUSTION')],
  ])('%s', (_what, text, problem) => {
    const error = refusal(text);

    expect(error).toMatchObject({ reason: 'misconfigured', field: 'the file' });
    expect(error.message.replace('The configuration is not YAML as it must be: ', '')).toEqual(problem);
  });

  test.each(['', 'prod', '- prod'])('a file that holds no fields: %j', (text) => {
    expect(refusal(text)).toMatchObject({ reason: 'misconfigured', field: 'the file' });
  });
});

describe('accepts', () => {
  test('an alias, so that two policies can share their readers', () => {
    const text = changed('readers: [aws-cache, agent, token-client]', 'readers: &usual [aws-cache, agent]').replace(
      'readers: [daily-restart, aws-cache]',
      'readers: *usual',
    );

    expect(parseConfig(text).policies['slow-readers']?.readers).toEqual(['aws-cache', 'agent']);
  });

  test('a host without TLS that is listed, whatever its port', () => {
    const text = changed('https://api.acme.example', 'http://127.0.0.1:8080').replace(
      'propagation: 3m',
      'propagation: 3m\n    allowHttp: [127.0.0.1]',
    );

    expect(parseConfig(text).providers['apigee']).toMatchObject({ urls: { public: 'http://127.0.0.1:8080' } });
  });

  // A wrong answer about the provider or the readers looks like a right one; the sandbox uses that to show what it costs.
  test('no hold-off and no grace, where provider and readers are said to need none', () => {
    const text = changed('propagation: 3m', 'propagation: 0s')
      .replace('revocation: 3m', 'revocation: 0s')
      .replace('toleratedSkew: 5m', 'toleratedSkew: 0s')
      .replace('eventLag: 5m', 'eventLag: 0s')
      .replace('grace: 24h', 'grace: 0s\n    holdOff: 0s')
      .replace('[aws-cache, agent, token-client]', '[]');

    expect(parseConfig(text).policies['standard']).toMatchObject({ grace: 0, holdOff: 0 });
  });
});

function changed(from: string | RegExp, to: string): string {
  const text = example.replace(from, () => to);
  if (text === example) throw new Error(`The example does not have ${String(from)}`);
  return text;
}

function refusal(text: string): PermanentError {
  try {
    parseConfig(text);
  } catch (error) {
    if (error instanceof PermanentError) return error;
    throw error;
  }
  throw new Error('It was accepted');
}

function bomb(): string {
  const lines = ['a0: &a0 [x, x, x, x, x, x, x, x, x, x]'];
  for (let level = 1; level < 9; level += 1) {
    lines.push(`a${level}: &a${level} [${Array.from({ length: 10 }, () => `*a${level - 1}`).join(', ')}]`);
  }
  return lines.join('\n');
}
