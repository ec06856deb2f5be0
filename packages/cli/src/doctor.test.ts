import { memoryMailAccount } from '@keyturn/aws/memory-mail-account';
import { memoryTrails } from '@keyturn/aws/memory-trails';
import type { Config } from '@keyturn/config/config';
import { ownProviders } from '@keyturn/config/own-providers';
import type { Capabilities } from '@keyturn/credential-provider/credential-provider';
import {
  invokedIssueProvider,
  invokedRetireProvider,
  type Invoke,
} from '@keyturn/credential-provider/invoked-provider';
import { serveIssue, serveRetire } from '@keyturn/credential-provider/serve-provider';
import { overJson } from '@keyturn/credential-provider/wired-provider';
import { PermanentError, TransientError } from '@keyturn/rotation/errors';
import { describe, expect, test } from 'vitest';

import { day, world, type World } from '../../../test/world.ts';
import type { Deps } from './command.ts';
import type { Finding } from './doctor/finding.ts';
import { healthyDoctor } from './doctor/memory-doctor.ts';
import { runCommand } from './run-command.ts';

type Stage = Deps['doctor']['stage'] & ReturnType<typeof healthyDoctor>['stage'];
type Spoil = { -readonly [Port in keyof Deps['doctor']]: Port extends 'stage' ? Stage : Deps['doctor'][Port] };

/** A healthy stage, spoiled. */
async function examine(
  spoil: (doctor: Spoil, w: World) => unknown = () => {},
  change: Partial<Config> = {},
  more: Partial<Deps> = {},
) {
  const w = await world();
  for (const name of ['keyturn/apigee-admin', 'keyturn/slack']) {
    await w.model.createSecret({ Name: name, SecretString: 'xoxb-canary' });
  }
  const config: Config = { ...w.config, ...change };
  const doctor: Spoil = { ...healthyDoctor(config, w.model) };
  await spoil(doctor, w);
  const deps: Deps = {
    ...w.cleanup,
    config,
    secrets: w.secrets,
    issue: () => w.provider,
    retire: () => w.provider,
    doctor,
    operator: 'jo',
    ...more,
  };
  const lines: string[] = [];
  const answers: Record<string, unknown>[] = [];
  const console = {
    line: (text: string) => void lines.push(text),
    note: () => {},
    json: (answer: Readonly<Record<string, unknown>>) => void answers.push(answer),
  };
  const code = await runCommand(['doctor'], () => deps, console);
  await runCommand(['doctor', '--json'], () => deps, console);
  const findings = answers[0]?.['findings'] as Finding[];
  return { code, text: lines.join('\n'), bad: findings.filter(({ level }) => level !== 'ok'), findings };
}

const seen = ({ level, about, text }: Finding) => `${level} ${about}: ${text}`;
const denied = new PermanentError('access-denied', 'AccessDenied (HTTP 403)');
const slack = {
  tokenSecret: 'keyturn/slack',
  apiUrl: 'https://slack.com/api/',
  webhookUrl: 'https://x.example/',
  allowHttp: [],
};
const withSlack = {
  notifications: { slack, webhooks: {}, network: { subnets: [], securityGroups: [], noProxy: [] } },
  routes: { default: { slack: 'C01', mail: [], webhooks: [] }, orders: { slack: 'C02', mail: [], webhooks: [] } },
};

test('a stage in which all is well has a line for each thing that was looked at, and exit code 0', async () => {
  const { code, text, bad } = await examine();

  expect(bad).toEqual([]);
  expect(code).toBe(0);
  for (const line of [
    'functions: all 9 are there, on nodejs24.x',
    'queues: all 10 are there, and nothing was set aside',
    'fleet: running',
    'provider apigee: its adapter answers',
    'secret orders/apigee: next rotation',
    'CloudTrail: arn:aws:cloudtrail',
    'mail: acme.example is verified',
    '0 problems, 0 warnings.',
  ]) {
    expect(text).toContain(line);
  }
});

const bot = (scopes: readonly string[], isMember = true): Deps['doctor']['slackBot'] => ({
  identify: async () => ({ name: 'keyturn', team: 'Acme', scopes }),
  isMember: async () => isMember,
});

type Fault = readonly [string, (doctor: Spoil, w: World) => unknown, string];

test('the secrets of proxies are looked for as those of channels and providers are', async () => {
  const w = await world();
  const ofNotifier = { ...w.config.notifications.network, proxySecret: 'keyturn/proxy-of-notifier' };
  const apigee = Object.fromEntries(ownProviders(w.config))['apigee']!;

  const { bad } = await examine(undefined, {
    notifications: { ...w.config.notifications, network: ofNotifier },
    providers: { apigee: { ...apigee, network: { ...apigee.network, proxySecret: 'keyturn/proxy-of-apigee' } } },
  });

  expect(bad.map(({ about }) => about)).toEqual([
    'secret keyturn/proxy-of-notifier (notifications.network.proxySecret)',
    'secret keyturn/proxy-of-apigee (providers.apigee.network.proxySecret)',
  ]);
});

describe('a fault has a line that says it, and one that says what to do:', () => {
  test.each<Fault>([
    [
      'a function',
      ({ stage }) => stage.stage.functions.delete('keyturn-test-verifier'),
      'problem functions: not there: keyturn-test-verifier',
    ],
    [
      'an old runtime',
      ({ stage }) =>
        stage.stage.functions.set('keyturn-test-sweep', { arn: 'a', runtime: 'nodejs20.x', state: 'Active' }),
      'problem functions: keyturn-test-sweep runs on nodejs20.x and not on nodejs24.x',
    ],
    ['the bus', ({ stage }) => stage.stage.buses.clear(), 'problem event bus: not there: keyturn-test'],
    ['the table', ({ stage }) => stage.stage.tables.clear(), 'problem ledger: not there: keyturn-test'],
    [
      'a queue',
      ({ stage }) => stage.stage.queues.delete('keyturn-test-notifier'),
      'problem queues: not there: keyturn-test-notifier',
    ],
    [
      'dead letters',
      ({ stage }) => stage.stage.queues.set('keyturn-test-notifier-dlq', { waiting: 2, underWay: 1 }),
      'problem queues: keyturn-test-notifier-dlq holds 3 messages: nobody could handle that',
    ],
    [
      'events on which the key of the stage failed',
      ({ stage }) => stage.stage.queues.set('keyturn-test-bus-dlq', { waiting: 1, underWay: 0 }),
      'problem queues: keyturn-test-bus-dlq holds 1 message: nobody could handle that',
    ],
    [
      'a message that grows old',
      (doctor) => {
        doctor.stage.stage.queues.set('keyturn-test-cleanup', { waiting: 1, underWay: 0 });
        doctor.queueAge = async () => 7_260_000;
      },
      'warning queues: keyturn-test-cleanup holds 1 message, the oldest for 2h 1m',
    ],
    [
      'dead letters of which nobody may know the age',
      (doctor) => {
        doctor.stage.stage.queues.set('keyturn-test-sweep-dlq', { waiting: 1, underWay: 0 });
        doctor.queueAge = () => Promise.reject(denied);
      },
      'problem queues: keyturn-test-sweep-dlq holds 1 message: nobody could handle that',
    ],
    [
      'a queue that grows',
      ({ stage }) => stage.stage.queues.set('keyturn-test-cleanup', { waiting: 400, underWay: 1 }),
      'warning queues: keyturn-test-cleanup holds 401 messages',
    ],
    [
      'a pause',
      ({ stage }) => stage.stage.parameters.set('/keyturn/test/fleet', 'paused'),
      'warning fleet: paused: no key is switched off or deleted',
    ],
    [
      'a missing fleet flag',
      ({ stage }) => stage.stage.parameters.clear(),
      'warning fleet: the parameter /keyturn/test/fleet is not there, which counts as paused: no key is switched off or deleted',
    ],
    [
      'no trail',
      (doctor) => (doctor.trails = async () => memoryTrails('eu-central-1', [])),
      'problem CloudTrail: In eu-central-1 no CloudTrail trail records.',
    ],
    [
      'an unknown sender',
      (doctor) => (doctor.mailAccount = memoryMailAccount({})),
      'problem mail: SES does not know the sender keyturn@acme.example',
    ],
    [
      'a sender that is not verified',
      (doctor) => (doctor.mailAccount = memoryMailAccount({ 'acme.example': { verified: false, dkim: 'PENDING' } })),
      'problem mail: SES has not verified acme.example yet',
    ],
    [
      'the sandbox of SES',
      (doctor) =>
        (doctor.mailAccount = memoryMailAccount(
          { 'keyturn@acme.example': { verified: true, dkim: 'SUCCESS' } },
          { production: false },
        )),
      'problem mail: the account is in the sandbox of SES, which sends nothing to platform@acme.example, orders@acme.example',
    ],
    [
      'SES that does not send',
      (doctor) =>
        (doctor.mailAccount = memoryMailAccount(
          { 'acme.example': { verified: true, dkim: 'SUCCESS' } },
          { enabled: false, standing: 'SHUTDOWN' },
        )),
      'problem mail: SES does not send for this account (SHUTDOWN)',
    ],
    [
      'a secret of a provider that will be deleted',
      (_doctor, w) => w.model.deleteSecret({ SecretId: 'keyturn/apigee-admin' }),
      'problem secret keyturn/apigee-admin (providers.apigee.adminSecret): is marked for deletion',
    ],
    [
      'a secret that a provider names',
      (_doctor, w) => w.model.deleteSecret({ SecretId: 'keyturn/apigee-admin', ForceDeleteWithoutRecovery: true }),
      'problem secret keyturn/apigee-admin (providers.apigee.adminSecret): DescribeSecret: ResourceNotFoundException',
    ],
    [
      'a tag',
      (_doctor, w) => w.model.tagResource({ SecretId: w.arn, Tags: [{ Key: 'keyturn:policy', Value: 'none' }] }),
      'problem secret orders/apigee: Tag keyturn:policy names a policy that the configuration does not have',
    ],
    [
      'another schedule',
      (_doctor, w) =>
        w.secrets.attachRotation({
          arn: w.arn,
          lambdaArn: w.handlerArn,
          schedule: 'rate(60 days)',
          duration: undefined,
        }),
      'warning secret orders/apigee: rotates by rate(60 days), its policy standard says rate(30 days)',
    ],
    [
      'a rotation that is off',
      (_doctor, w) => w.model.cancelRotateSecret({ SecretId: w.arn }),
      'problem secret orders/apigee: its rotation is switched off',
    ],
    [
      "somebody else's function",
      (_doctor, w) =>
        w.secrets.attachRotation({
          arn: w.arn,
          lambdaArn: w.handlerArn.replace('keyturn-test', 'other'),
          schedule: 'rate(30 days)',
          duration: undefined,
        }),
      'problem secret orders/apigee: is rotated by another function',
    ],
    [
      'a version that is pending for days',
      async (_doctor, w) => {
        await w.begin();
        w.pass(2 * day);
      },
      'problem secret orders/apigee: its version',
    ],
    [
      'a rotation that never came',
      (_doctor, w) => w.pass(40 * day),
      'problem secret orders/apigee: is overdue: it had to rotate by',
    ],
    [
      'nobody who reads',
      (_doctor, w) => w.pass(91 * day),
      'warning secret orders/apigee: nobody read it for more than 90 days, Keyturn included',
    ],
  ])('%s', async (_what, spoil, line) => {
    const { code, text, bad } = await examine(spoil);

    const found = bad.find((finding) => seen(finding).startsWith(line));
    expect(bad.map(seen).join('\n')).toContain(line);
    expect(found?.todo).toMatch(/\w.*\.$/);
    expect(text).toContain(`→ ${found?.todo}`);
    expect(code).toBe(bad.some(({ level }) => level === 'problem') ? 1 : 0);
  });

  test.each([
    ['a missing scope', bot(['channels:join']), 'problem Slack: the token lacks the scope chat:write'],
    [
      'a scope too many',
      bot(['chat:write', 'files:read']),
      'warning Slack: the token may do more than it needs: files:read',
    ],
    [
      'a channel without the bot',
      bot(['chat:write', 'channels:read'], false),
      'problem Slack: the bot is not in C01, C02',
    ],
    [
      'a token that was revoked',
      {
        ...bot([]),
        identify: () => Promise.reject(new PermanentError('provider-refused', 'Slack answered token_revoked')),
      },
      'problem Slack: Slack answered token_revoked',
    ],
    [
      'a Slack that is silent',
      { ...bot([]), identify: () => Promise.reject(new TransientError('Slack gave no answer')) },
      'warning Slack: could not be asked: Slack gave no answer',
    ],
  ])('%s', async (_what, slackBot, line) => {
    const { bad, text } = await examine((doctor) => (doctor.slackBot = slackBot), withSlack);

    expect(bad.map(seen)).toContain(line);
    expect(text).not.toContain('canary');
  });
});

test('with the scopes that Keyturn asks for nobody can tell whether the bot is in its channels, and that is said', async () => {
  const { findings } = await examine(() => {}, withSlack);

  expect(findings.map(seen)).toContain(
    'ok Slack: with these scopes nobody can ask whether the bot is in C01, C02; "keyturn notify test --owner …" shows it',
  );
});

test('a stage that is not deployed is told in one line, and what does not need it is looked at all the same', async () => {
  const { code, bad, findings } = await examine(({ stage }) => {
    for (const things of Object.values(stage.stage)) things.clear();
  });

  expect(code).toBe(1);
  expect(bad.map(seen)).toEqual(['problem stage: test is not deployed in this account and Region']);
  expect(findings.map(({ about }) => about)).toContain('CloudTrail');
});

test('an owner without an address is told', async () => {
  const w = await world();
  const routes = { ...w.config.routes, orders: { mail: [], webhooks: [] } };

  const { bad } = await examine(() => {}, { routes });

  expect(bad.map(seen)).toEqual([
    "warning secret orders/apigee: its owner orders has no address: the default's people are told",
  ]);
});

describe('a subscriber', () => {
  test.each([
    [
      'arn:aws:sqs:eu-west-1:123456789012:orders',
      'problem subscriber a: its target is in eu-west-1, and a rule delivers within eu-central-1',
    ],
    [
      'arn:aws:sqs:eu-central-1:123456789012:orders.fifo',
      'problem subscriber a: a FIFO queue needs a message group, which the rule does not give',
    ],
    [
      'arn:aws:lambda:eu-central-1:123456789012:orders',
      'problem subscriber a: orders is not the form of a target of lambda',
    ],
    ['arn:aws:sns:eu-central-1:999999999999:orders', 'warning subscriber a: its target is in the account 999999999999'],
    ['arn:aws:events:eu-west-1:999999999999:event-bus/security', undefined],
  ])('at %s', async (target, line) => {
    const { bad } = await examine(() => {}, { subscribers: [{ name: 'a', events: ['SecretRotated'], target }] });

    expect(bad.map(seen)).toEqual(line === undefined ? [] : [line]);
  });
});

test('whoever may look at nothing is told each permission that is missing, and nothing fails', async () => {
  const refuse = () => Promise.reject(denied);
  const { code, bad } = await examine(
    (doctor) => {
      for (const method of ['functionFacts', 'bus', 'table', 'queue', 'parameter'] as const)
        doctor.stage.failures.set(method, denied);
      doctor.mailAccount = { sending: refuse, identity: refuse };
      doctor.trails = async () => memoryTrails('eu-central-1', [], { failure: denied });
      doctor.versionDates = refuse;
    },
    {},
    { issue: () => ({ describe: refuse }) as never },
  );

  expect(new Set(bad.map(({ level }) => level))).toEqual(new Set(['warning']));
  expect(code).toBe(0);
  const permissions = bad.map(({ todo }) => todo).join('\n');
  for (const permission of [
    'lambda:GetFunctionConfiguration',
    'events:DescribeEventBus',
    'dynamodb:DescribeTable',
    'ssm:GetParameter',
    'sqs:GetQueueUrl',
    'cloudtrail:DescribeTrails',
    'ses:GetEmailIdentity',
    'ses:GetAccount',
    'lambda:InvokeFunction',
  ]) {
    expect(permissions).toContain(permission);
  }
});

test('without credentials the todo is to log in, not to get a permission', async () => {
  const nobody = new PermanentError('access-denied', 'DescribeTable: CredentialsProviderError');

  const { bad } = await examine(({ stage }) => stage.failures.set('table', nobody));

  expect(bad).toMatchObject([
    { level: 'problem', about: 'ledger', todo: expect.stringContaining('Log in to AWS') as unknown },
  ]);
});

test('looking changes nothing', async () => {
  let before: unknown;
  let after: (() => Promise<unknown>) | undefined;
  await examine(async (_doctor, w) => {
    after = async () => [await w.secrets.describe(w.arn), w.events(), [...w.keys()]];
    before = await after();
  });

  expect(await after?.()).toEqual(before);
});

describe('the adapter of another team', () => {
  const arn = (duty: string) => `arn:aws:lambda:eu-central-1:444455556666:function:team-${duty}`;
  const functions = { issue: arn('issue'), retire: arn('retire') };
  const team = { kind: 'custom', functions, orphans: 'report', propagation: 30_000, revocation: 180_000 } as const;

  /** What is said of it. `spoiled`: what its two functions answer instead. */
  async function adapter(w: World, spoiled: (payload: { operation: string }) => unknown = () => undefined) {
    const served = { [arn('issue')]: serveIssue(w.provider), [arn('retire')]: serveRetire(w.provider) };
    const invoke: Invoke = async (name, payload) =>
      overJson(spoiled(payload as { operation: string }) ?? (await served[name]?.(overJson(payload))));
    const { findings } = await examine(
      () => {},
      { providers: { ...w.config.providers, team } },
      {
        issue: () => invokedIssueProvider(invoke, arn('issue')),
        retire: () => invokedRetireProvider(invoke, arn('retire')),
      },
    );
    return findings.filter(({ about }) => about === 'provider team').map(seen);
  }

  test('that is as it has to be: both of its functions answer', async () => {
    expect(await adapter(await world())).toEqual([
      'ok provider team: its adapter answers: keys that Keyturn chooses, overlap multi',
      'ok provider team: its retire function answers',
    ]);
  });

  test.each<[string, (payload: { operation: string }) => unknown, string]>([
    [
      'that was not deployed',
      () => {
        throw new PermanentError('misconfigured', `There is no function ${arn('issue')}`, { field: 'functionName' });
      },
      `problem provider team: There is no function ${arn('issue')}`,
    ],
    ['of another version', () => ({ version: 2, ok: true, result: {} }), 'issue function speaks another version'],
    [
      'that refuses ours',
      () => ({
        version: 1,
        ok: false,
        error: { kind: 'permanent', reason: 'unsupported', field: 'version', message: 'No' },
      }),
      'retire function speaks another version',
    ],
    ['that answers something else', () => 'pong', 'answers what the protocol does not know'],
    ['whose retire function finds anything anywhere', listing, 'finds keys in a target without a name'],
    [
      'that needs longer than was said',
      describing({ propagationMs: 31_000 }),
      'later than the configuration says (propagation)',
    ],
    [
      'that needs longer to refuse',
      describing({ revocationMs: 181_000 }),
      'later than the configuration says (revocation)',
    ],
    ['that loses keys', describing({ clientSuppliedKey: false, mark: false }), 'cannot mark it, so nobody would find'],
    [
      'that cannot undo',
      describing({ reversibleDisable: false }),
      'warning provider team: a key that is switched off stays off',
    ],
    ['whose keys expire', describing({ expiryOnCreate: true }), 'warning provider team: its keys expire by themselves'],
  ])('%s is told', async (_, spoiled, told) => {
    expect((await adapter(await world(), spoiled)).join('\n')).toContain(told);
  });

  function describing(lie: Partial<Capabilities>) {
    return ({ operation }: { operation: string }) =>
      operation === 'describe' ? { version: 1, ok: true, result: { ...capable, ...lie } } : undefined;
  }
  function listing({ operation }: { operation: string }) {
    return operation === 'list' ? { version: 1, ok: true, result: [] } : undefined;
  }
});

const capable: Capabilities = {
  clientSuppliedKey: true,
  listOwned: true,
  mark: true,
  reversibleDisable: true,
  overlap: 'multi',
  lastUsed: true,
  propagationMs: 30_000,
  revocationMs: 180_000,
  expiryOnCreate: false,
};
