import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterEach, expect, test, vi } from 'vitest';

import { stage } from '../infra/stage.ts';

const folders: string[] = [];

afterEach(() => {
  vi.unstubAllEnvs();
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true });
});

/** Writes a configuration, points KEYTURN_CONFIG at it, and answers where it is. */
function configured(more: object = {}, file = 'keyturn.yaml'): string {
  const folder = mkdtempSync(join(tmpdir(), 'keyturn-stage-'));
  folders.push(folder);
  const path = join(folder, file);
  const config = {
    stage: 'dev',
    providers: { main: { kind: 'apigee', organization: 'acme', adminSecret: 'keyturn/admin' } },
    shapes: {},
    readers: {},
    policies: {},
    routes: { default: { mail: ['a@example.com'] } },
    notifications: { mail: { from: 'Keyturn <keyturn@example.com>' } },
    runbooks: 'https://example.com',
    ...more,
  };
  writeFileSync(path, JSON.stringify(config));
  vi.stubEnv('KEYTURN_CONFIG', path);
  return path;
}

const subscriber = (name: string, target: string) => ({ name, events: ['SecretRotated'], target });

test('without KEYTURN_CONFIG the example is deployed, and lies in the zip where it lies here', () => {
  vi.stubEnv('KEYTURN_CONFIG', undefined);

  expect(stage()).toMatchObject({
    stage: 'prod',
    configFile: 'config/example.yaml',
    configPattern: 'config/example.yaml',
  });
});

test('a configuration outside the repository is packed under its whole path, whatever characters that has', () => {
  const path = configured({}, 'dev [eu] (1).yaml');

  const { configFile, configPattern } = stage();

  expect(configFile).toBe(path.slice(1));
  expect(configPattern).toBe(path.replace('[eu] (1)', String.raw`\[eu\] \(1\)`));
});

test('refuses --stage when the configuration is that of another stage', () => {
  configured();

  expect(stage({ options: { stage: 'dev' } }).stage).toBe('dev');
  expect(stage({ options: { stage: null } }).stage).toBe('dev');
  expect(() => stage({ options: { stage: 'prod' } })).toThrow(/--stage says prod, .*keyturn\.yaml says dev/);
});

test('refuses a wrong configuration, naming the field', () => {
  configured({ runbooks: 'not a url' });

  expect(() => stage()).toThrow(/runbooks/);
});

test('deploys two functions for each provider, with the admin secret of that provider alone', () => {
  const apigee = { kind: 'apigee', organization: 'acme' };
  const arn = 'arn:aws:secretsmanager:eu-west-1:111122223333:secret:partner-AbCdEf';
  configured({
    providers: { main: { ...apigee, adminSecret: 'keyturn/admin' }, partner: { ...apigee, adminSecret: arn } },
  });

  const { functions, resources } = stage();

  expect(Object.keys(functions)).toEqual(['main-issue', 'main-retire', 'partner-issue', 'partner-retire']);
  expect(functions['partner-retire']).toMatchObject({
    name: 'keyturn-dev-partner-retire',
    handler: 'services/apigee-adapter/src/handler.retire',
    environment: { PROVIDER_ID: 'partner' },
  });
  const roles = ['MainIssueRole', 'PartnerRetireRole'].map((role) => JSON.stringify(resources.Resources[role]));
  expect(roles[0]).toContain(':secret:keyturn/admin-??????"');
  expect(roles[1]).toContain(`"${arn}"`);
});

test('gives the notifier what its configured channels need, and nothing for the others', () => {
  configured();
  const mail = JSON.stringify(stage().resources.Resources['NotifierChannelPolicy']);
  const slackOnly = { slack: { tokenSecret: 'keyturn/slack' } };
  configured({ notifications: slackOnly, routes: { default: { slack: 'C0123' } } });
  const slack = JSON.stringify(stage().resources.Resources['NotifierChannelPolicy']);

  expect(mail).toContain('"ses:FromAddress":"keyturn@example.com"');
  expect(mail).toContain(':identity/example.com"');
  expect(mail).not.toContain('secretsmanager');
  expect(slack).toContain(':secret:keyturn/slack-??????"');
  expect(slack).not.toContain('ses:');
});

test('gives each subscriber a rule, dead letters and alarms; a bus needs a role of ours to be forwarded to', () => {
  configured({
    subscribers: [
      subscriber('orders', 'arn:aws:sqs:eu-central-1:111122223333:orders'),
      subscriber('audit', 'arn:aws:events:eu-central-1:444455556666:event-bus/audit'),
    ],
  });

  const names = Object.keys(stage().resources.Resources).filter((id) => id.startsWith('Subscriber'));

  const parts = 'Rule RuleFailedAlarm RuleLostAlarm Dlq DlqPolicy DlqAlarm DlqAgeAlarm DlqUrlParameter'.split(' ');
  const each = (id: string) => parts.map((part) => `${id}${part}`);
  expect(names.toSorted()).toEqual(
    [...each('SubscriberOrders'), ...each('SubscriberAudit'), 'SubscriberAuditRole'].toSorted(),
  );
});

test('lets the notifier read each secret of a channel once, by its name, and nothing else', () => {
  const hook = (secret: string) => ({ format: 'pagerduty', url: 'https://events.pagerduty.com/v2/enqueue', secret });
  configured({
    notifications: {
      slack: { webhookSecret: 'keyturn/slack-webhook' },
      webhooks: { a: hook('keyturn/pagerduty'), b: hook('keyturn/pagerduty') },
    },
    routes: { default: { slack: 'C0123', webhooks: ['a', 'b'] } },
  });

  const policy = JSON.stringify(stage().resources.Resources['NotifierChannelPolicy']);

  const secrets = [...policy.matchAll(/:secret:([\w/-]+)-\?{6}/g)].map(([, name]) => name);
  const named = ['keyturn/slack-webhook', 'keyturn/pagerduty'];
  expect(secrets).toEqual([...named, ...named]);
  expect(policy).toContain('"Action":"secretsmanager:GetSecretValue"');
});
