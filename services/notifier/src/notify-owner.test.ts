import { announcementKey, toldPartitionOf } from '@keyturn/aws/announcement';
import { memoryLedger } from '@keyturn/aws/memory-ledger';
import { memoryMailer } from '@keyturn/aws/memory-mailer';
import type { Mail } from '@keyturn/aws/mailer';
import { configSchema } from '@keyturn/config/config';
import { otherSecretField } from '@keyturn/credential-provider/ownership-proof';
import type { KeyturnEvent } from '@keyturn/events/define-event';
import { PermanentError, TransientError } from '@keyturn/rotation/errors';
import { secretHash } from '@keyturn/rotation/mark';
import { expect, test } from 'vitest';
import * as z from 'zod';

import { memorySlackChannel } from './memory-slack-channel.ts';
import { parseNotifiedEvent } from './notified-event.ts';
import { notifyOwner } from './notify-owner.ts';
import { delivered, rotationEvents as events, secretArn } from './rotation-events.ts';
import type { Deps } from './tell-story.ts';

const channel = 'C0PAYMENTS';

test('a rotation is one message with its progress in the thread, and ends as told by the head alone', async () => {
  const { deps, slack, heads, replies } = setUp();

  for (const event of [events.rotated(), events.verified(), events.disabled(), events.retired()])
    await tell(event, deps);

  expect(heads()).toEqual(['orders/api-key (prod): key rotated, old key deleted']);
  expect(replies()).toEqual([
    'orders/api-key (prod): the current key was checked and is accepted',
    'orders/api-key (prod): the old key is switched off, and will be deleted on 9 March 2027, 09:00 UTC at the earliest',
    'orders/api-key (prod): the old key is deleted',
  ]);
  expect(slack.posted.map(({ broadcast }) => broadcast)).toEqual([false, false, false, false]);
  expect(slack.posted[0]!.message.text).toContain('2 March 2027, 09:00 UTC: the old key was switched off.');
});

test('the head is first what happened, then what has become of it', async () => {
  const { deps, heads } = setUp();

  await tell(events.rotated(), deps);
  const first = heads();
  await tell(events.disabled(), deps);
  const second = heads();

  expect(first).toEqual(['orders/api-key (prod): key rotated, the old key works until 2 March 2027, 08:10 UTC']);
  expect(second).toEqual([
    'orders/api-key (prod): key rotated, old key switched off, to be deleted on 9 March 2027, 09:00 UTC at the earliest',
  ]);
});

test('a rotation that fails again and again is one alert that counts, and one mail', async () => {
  const { deps, mailer, slack, heads } = setUp();

  for (const minute of [5, 6, 7, 8]) await tell(events.failed(minute), deps);

  expect(heads()).toEqual([
    'orders/api-key (prod): rotation failed 4 times, the old key stays in use; it is tried again automatically',
  ]);
  expect(slack.posted).toHaveLength(1);
  expect(slack.posted[0]!.message.text).toContain('Nobody has to do anything now.');
  expect(subjects(mailer)).toEqual([
    'orders/api-key (prod): rotation failed, the old key stays in use; it is tried again automatically',
  ]);
});

test('a failure that was to heal by itself and then needs somebody is told once more', async () => {
  const { deps, mailer, slack, replies } = setUp();
  const needsSomebody = { reason: 'not-yours', step: 'setSecret', field: 'tag keyturn:target', retryable: false };

  await tell(events.failed(5), deps);
  await tell(events.failed(6, needsSomebody), deps);
  await tell(events.failed(7), deps);
  await tell(events.failed(8, needsSomebody), deps);

  expect(replies()).toEqual([
    'orders/api-key (prod): rotation failed 2 times, the old key stays in use; somebody has to act',
  ]);
  expect(slack.posted[1]).toMatchObject({ broadcast: true, replyTo: slack.posted[0]!.ts });
  expect(mailer.sent).toHaveLength(2);
});

test('an alert that asks for somebody is not followed by one that asks for nobody', async () => {
  const { deps, slack, mailer } = setUp();

  await tell(events.failed(5, { reason: 'not-yours', retryable: false }), deps);
  await tell(events.failed(6), deps);

  expect(slack.posted).toHaveLength(1);
  expect(mailer.sent).toHaveLength(1);
});

test('an older failure that is heard of later counts, but does not change what is said', async () => {
  const { deps, heads } = setUp();

  await tell(events.failed(6, { reason: 'not-yours', retryable: false }), deps);
  await tell(events.failed(5), deps);

  expect(heads()).toEqual([
    'orders/api-key (prod): rotation failed 2 times, the old key stays in use; somebody has to act',
  ]);
});

test('a failed rotation that goes through is resolved in its own thread and by mail', async () => {
  const { deps, mailer, heads, replies } = setUp();

  await tell(events.failed(5), deps);
  await tell(events.failed(6), deps);
  await tell(events.rotated(), deps);

  const resolved =
    'orders/api-key (prod): resolved, key rotated after 2 failed tries, the old key works until 2 March 2027, 08:10 UTC';
  expect(heads()).toEqual([resolved]);
  expect(replies()).toEqual([resolved]);
  expect(subjects(mailer)).toEqual([expect.stringContaining('rotation failed'), resolved]);
  expect(new Set(mailer.sent.map(({ thread }) => thread))).toEqual(new Set(['hash/v2']));
});

test('a failure that is heard of after the rotation went through alarms nobody', async () => {
  const { deps, mailer, heads, replies } = setUp();

  await tell(events.rotated(), deps);
  await tell(events.failed(5), deps);

  expect(heads()).toEqual([expect.stringContaining('resolved, key rotated after 1 failed try')]);
  expect(replies()).toEqual([]);
  expect(mailer.sent).toHaveLength(1);
});

test('a rotation that failed for good is resolved by a later one', async () => {
  const { deps, heads, mailer } = setUp();
  const later = events.rotated(60, { versionId: 'v3' }, { correlationId: 'hash/v3', idempotencyKey: 'n8' });

  await tell(events.failed(5, { retryable: false, reason: 'not-yours' }), deps);
  await tell(later, deps);
  await tell(later, deps);

  expect(heads()).toEqual([
    'orders/api-key (prod): resolved, a rotation failed and a later one went through',
    'orders/api-key (prod): key rotated, the old key works until 2 March 2027, 08:10 UTC',
  ]);
  expect(mailer.sent).toHaveLength(2);
});

test('a failure after a later rotation is an alert again', async () => {
  const { deps, heads } = setUp();
  await tell(events.rotated(10, {}, { correlationId: 'hash/v1', idempotencyKey: 'n6' }), deps);

  await tell(events.failed(20), deps);

  expect(heads()[1]).toContain('rotation failed, the old key stays in use');
});

test('a failure of weeks ago, first heard of after a later rotation, alarms nobody', async () => {
  const { deps, slack, mailer } = setUp();
  await tell(events.rotated(20_000, { versionId: 'v3' }, { correlationId: 'hash/v3', idempotencyKey: 'n9' }), deps);

  await tell(events.failed(5), deps);

  expect(slack.posted).toHaveLength(1);
  expect(mailer.sent).toHaveLength(1);
});

test('a rollback is a message of its own, and what the rotation before it promised is taken back', async () => {
  const { deps, heads, mailer } = setUp();
  const rollback = {
    cause: 'rollback',
    versionId: 'v1',
    previousVersionId: 'v2',
    oldCredentialValidUntil: '2027-03-02T08:30:00Z',
  };

  await tell(events.rotated(), deps);
  await tell(events.rotated(30, rollback, { correlationId: 'hash/v1/8', idempotencyKey: 'n8' }), deps);

  expect(heads()).toEqual([
    'orders/api-key (prod): key rotated on 1 March 2027, 08:10 UTC, and changed again since',
    'orders/api-key (prod): rolled back to an earlier key, the key it replaces works until 2 March 2027, 08:30 UTC',
  ]);
  expect(mailer.sent).toHaveLength(2);
});

test('a rotation that is heard of after the rollback that followed it is told as history, without a mail', async () => {
  const { deps, heads, mailer } = setUp();
  await tell(events.rotated(30, { cause: 'rollback' }, { correlationId: 'hash/v1/8', idempotencyKey: 'n8' }), deps);

  await tell(events.rotated(10), deps);

  expect(heads()[1]).toBe('orders/api-key (prod): key rotated on 1 March 2027, 08:10 UTC, and changed again since');
  expect(mailer.sent).toHaveLength(1);
});

test.each([
  ['that ended', [events.retired()]],
  ['whose old key is still there', []],
])('repeats of weeks ago leave a story %s as it was', async (_which, end) => {
  const { deps, slack, mailer, heads } = setUp();
  const story = [events.failed(), events.rotated(), events.verified(), ...end];
  const next = events.rotated(43_200, { versionId: 'v3' }, { correlationId: 'hash/v3', idempotencyKey: 'n8' });
  for (const event of [...story, next]) await tell(event, deps);
  const before = [heads(), slack.posted.length, mailer.sent.length];

  for (const event of [...story, events.refused(12)]) await tell(event, deps);

  expect([heads(), slack.posted.length, mailer.sent.length]).toEqual(before);
});

test('a rotation whose retry goes through after an earlier change was heard of late is told as rotated', async () => {
  const { deps, heads } = setUp();
  await tell(events.failed(20), deps);
  await tell(events.rotated(15, { versionId: 'v1' }, { correlationId: 'hash/v1', idempotencyKey: 'n6' }), deps);
  const during = heads()[0];

  await tell(events.rotated(30), deps);

  expect(during).toContain('rotation failed');
  expect(heads()[0]).toContain('resolved, key rotated after 1 failed try');
});

test('a check that is heard of before the rotation becomes a part of its message', async () => {
  const { deps, slack, heads } = setUp();

  await tell(events.verified(), deps);
  await tell(events.rotated(), deps);

  expect(heads()).toEqual(['orders/api-key (prod): key rotated, the old key works until 2 March 2027, 08:10 UTC']);
  expect(slack.posted[0]!.message.text).toContain(
    '1 March 2027, 08:11 UTC: the key in the secret was checked and is accepted.',
  );
});

test('a refused key is an alert that everybody sees, and is resolved when the key is accepted again', async () => {
  const { deps, slack, heads, replies, mailer } = setUp();

  await tell(events.rotated(), deps);
  await tell(events.refused(), deps);
  const alarmed = heads();
  await tell(events.verified(30), deps);

  expect(alarmed).toEqual([expect.stringContaining('THE CURRENT KEY IS REFUSED')]);
  expect(slack.posted[1]).toMatchObject({ broadcast: true, replyTo: slack.posted[0]!.ts });
  expect(heads()).toEqual([expect.stringContaining('key rotated, the old key works until')]);
  expect(replies()[1]).toBe('orders/api-key (prod): resolved, the current key is accepted again');
  expect(subjects(mailer)).toEqual([
    expect.stringContaining('key rotated'),
    expect.stringContaining('THE CURRENT KEY IS REFUSED'),
    expect.stringContaining('resolved'),
  ]);
});

test('a refusal that is heard of after the key was accepted alarms nobody', async () => {
  const { deps, slack } = setUp();
  await tell(events.rotated(), deps);
  await tell(events.verified(30), deps);

  await tell(events.refused(20), deps);

  expect(slack.posted.filter(({ broadcast }) => broadcast)).toEqual([]);
});

test('a held retirement is told once for each reason', async () => {
  const { deps, mailer, replies } = setUp();
  await tell(events.rotated(), deps);

  await tell(events.held(1500), deps);
  await tell(events.held(1560), deps);
  await tell(events.held(1620, { reason: 'last-key' }), deps);

  expect(replies()).toHaveLength(2);
  expect(mailer.sent.slice(1).map(({ text }) => text)).toEqual([
    expect.stringContaining('Why it was kept: The provider still accepts the old key although it was switched off.'),
    expect.stringContaining('Why it was kept: It is the last key of its app that works.'),
  ]);
});

test('each of two approvals is asked for once, and a key that has become too old is told once more', async () => {
  const { deps, replies } = setUp();
  const waits = { reason: 'not-approved' };
  const story = [
    events.rotated(),
    events.held(1500, waits),
    events.disabled(1560),
    events.held(3000, { ...waits, step: 'delete' }),
    events.held(3100, { reason: 'still-read' }),
    events.held(9000, { reason: 'still-read', overMaxGrace: true }),
  ];

  for (const event of story.flatMap((event) => [event, event])) await tell(event, deps);

  expect(replies().map((text) => text.replace('orders/api-key (prod): ', ''))).toEqual([
    'an old key waits for your approval before it is switched off',
    expect.stringContaining('the old key is switched off'),
    'an old key waits for your approval before it is deleted for good',
    'an old key is due to be removed, but somebody still reads it',
    'an old key LIVES LONGER THAN THE POLICY ALLOWS, because somebody still reads it',
  ]);
});

test('every order of the same events, each delivered twice, ends in the same head and repeats no message', async () => {
  const all = [events.failed(5), events.failed(6), events.rotated(), events.verified(), events.retired()];
  const heads = new Set<string>();
  const repeated: string[][] = [];

  for (const order of permutations(all)) {
    const run = setUp();
    for (const event of [...order, ...order]) await tell(event, run.deps);
    heads.add(
      run.slack.posted
        .filter(({ replyTo }) => replyTo === undefined)
        .map(({ message }) => message.text)
        .join(),
    );
    const texts = run.replies();
    if (new Set(texts).size !== texts.length) repeated.push(texts);
    if (run.mailer.sent.length > 2) repeated.push(subjects(run.mailer));
  }

  expect(repeated).toEqual([]);
  expect(heads.size).toBe(1);
  expect([...heads][0]).toContain('the rotation failed (2 times)');
});

test('of two consumers that hear of a story at once, one tells it and the other comes back', async () => {
  const { deps, slack, mailer } = setUp();

  const results = await Promise.allSettled([tell(events.rotated(), deps), tell(events.verified(), deps)]);
  const lost = results.flatMap((result) => (result.status === 'rejected' ? [result.reason as unknown] : []));
  await tell(events.verified(), deps);

  expect(lost).toEqual([expect.any(TransientError)]);
  expect(lost[0]).toMatchObject({ retryAfterMs: 2000 });
  expect(slack.posted.filter(({ replyTo }) => replyTo === undefined)).toHaveLength(1);
  expect(mailer.sent).toHaveLength(1);
});

test('while Slack is down the mail goes out once, and the message to Slack is tried again', async () => {
  const { deps, slack, mailer } = setUp();
  slack.failNext(new TransientError('Slack gave no answer', { retryAfterMs: 30_000 }));

  const first = tell(events.rotated(), deps);
  await expect(first).rejects.toMatchObject({ name: 'TransientError', retryAfterMs: 30_000 });
  const sentAtFirst = mailer.sent.length;
  await tell(events.rotated(), deps);

  expect(sentAtFirst).toBe(1);
  expect(mailer.sent).toHaveLength(1);
  expect(slack.posted).toHaveLength(1);
});

test('while mail is down Slack is told once, and the mail is tried again', async () => {
  const { deps, slack, mailer } = setUp();
  const failing = { ...deps, mailer: { send: () => Promise.reject(new TransientError('SendEmail was throttled')) } };

  await expect(tell(events.rotated(), failing)).rejects.toBeInstanceOf(TransientError);
  await tell(events.rotated(), deps);

  expect(slack.posted).toHaveLength(1);
  expect(mailer.sent).toHaveLength(1);
});

test('a refusal for good of one channel waits until the other had its message', async () => {
  const { deps, slack } = setUp();
  const refusal = new PermanentError('provider-refused', 'Slack answered not_in_channel', {
    field: 'routes.payments.slack',
  });
  const throttled = { ...deps, mailer: { send: () => Promise.reject(new TransientError('throttled')) } };

  slack.failNext(refusal);
  await expect(tell(events.rotated(), throttled)).rejects.toBeInstanceOf(TransientError);
  slack.failNext(refusal);
  await expect(tell(events.rotated(), deps)).rejects.toBe(refusal);
});

test('an event whose Slack message failed is told by the head that another event posts, and not again', async () => {
  const { deps, slack, heads, replies } = setUp();
  slack.failNext(new TransientError('Slack gave no answer'));
  await expect(tell(events.rotated(), deps)).rejects.toBeInstanceOf(TransientError);

  await tell(events.verified(), deps);
  await tell(events.rotated(), deps);

  expect(heads()).toEqual([expect.stringContaining('key rotated, the old key works until')]);
  expect(replies()).toEqual([]);
});

test('an update that fails after its reply is made up for without a second reply', async () => {
  const { deps, slack, heads, replies } = setUp();
  await tell(events.rotated(), deps);
  const failing = { ...slack, update: () => Promise.reject(new TransientError('Slack gave no answer')) };

  await expect(tell(events.disabled(), { ...deps, slack: failing })).rejects.toBeInstanceOf(TransientError);
  await tell(events.disabled(), deps);

  expect(replies()).toHaveLength(1);
  expect(heads()).toEqual([expect.stringContaining('old key switched off')]);
});

test('a head that somebody deleted does not keep the thread from going on', async () => {
  const { deps, slack, replies } = setUp();
  await tell(events.rotated(), deps);
  const gone = { ...slack, update: async () => 'gone' as const };

  await tell(events.disabled(), { ...deps, slack: gone });

  expect(replies()).toHaveLength(1);
});

test('who died between posting and noting it repeats that message at most, once its lease is over', async () => {
  const { deps, slack, mailer, clock } = setUp();
  const ledger = memoryLedger();
  let writes = 0;
  const dying = {
    ...ledger,
    write: (...write: Parameters<typeof ledger.write>) => {
      writes += 1;
      return writes === 1 ? ledger.write(...write) : Promise.reject(new Error('the function was stopped'));
    },
  };

  await expect(tell(events.rotated(), { ...deps, ledger: dying })).rejects.toThrow('the function was stopped');
  clock.pass(30_000);
  await expect(tell(events.rotated(), { ...deps, ledger })).rejects.toMatchObject({ retryAfterMs: 60_000 });
  clock.pass(60_000);
  await tell(events.rotated(), { ...deps, ledger });

  expect(slack.posted).toHaveLength(2);
  expect(mailer.sent).toHaveLength(1);
});

test('an owner without a route is told by the default route', async () => {
  const { deps, slack } = setUp();

  await tell(events.rotated(10, { owner: 'constructor' }), deps);

  expect(slack.posted[0]).toMatchObject({ channel: 'C0DEFAULT', route: 'routes.default.slack' });
});

test('without Slack in the configuration there is mail, and without mail there is Slack', async () => {
  const { deps, slack, mailer } = setUp();

  await tell(events.rotated(), { ...deps, slack: undefined });
  const counts = [slack.posted.length, mailer.sent.length];
  await tell(events.verified(), { ...deps, mailer: undefined });

  expect(counts).toEqual([0, 1]);
  expect(slack.posted).toHaveLength(1);
});

test('an event that nobody would hear of is refused and names the configuration', async () => {
  const { deps } = setUp();

  await expect(tell(events.rotated(), { ...deps, slack: undefined, mailer: undefined })).rejects.toMatchObject({
    reason: 'misconfigured',
    field: 'notifications',
  });
});

test('a story goes on in the channel that its route names now', async () => {
  const { deps, slack } = setUp();
  await tell(events.rotated(), deps);
  const moved = {
    ...deps,
    config: { ...deps.config, routes: { default: { slack: 'C0NEW', mail: [], webhooks: [] } } },
  };

  await tell(events.disabled(), moved);
  await tell(events.rotated(), moved);

  expect(slack.posted.map(({ channel, replyTo }) => [channel, replyTo])).toEqual([
    [channel, undefined],
    ['C0NEW', undefined],
  ]);
});

test('nothing that an event carries beside its declared fields reaches a message, a mail or the ledger', async () => {
  const canary = 'canary-7f3a9c';
  const { deps, slack, mailer } = setUp();
  const all = [
    events.adopted(),
    events.failed(),
    events.rotated(),
    events.verified(),
    events.refused(40),
    events.disabled(),
  ];

  for (const event of [...all, events.retired(), events.restored(), events.held(), events.reaped()]) {
    const data = { ...event.detail.data, keyId: canary, secret: canary, consumerKey: canary };
    await tell({ ...event, detail: { ...event.detail, data } }, deps);
  }

  const rows = await deps.ledger.list(toldPartitionOf(secretArn), '', z.unknown());
  expect(rows.length).toBeGreaterThan(2);
  expect(JSON.stringify([slack.posted, mailer.sent, rows])).not.toContain(canary);
});

function setUp() {
  const config = configSchema.parse({
    stage: 'prod',
    providers: {},
    shapes: {},
    readers: {},
    policies: {},
    routes: {
      default: { slack: 'C0DEFAULT', mail: ['platform@example.com'] },
      payments: { slack: channel, mail: ['payments@example.com'] },
    },
    notifications: {},
    runbooks: 'https://runbooks.example.com',
  });
  let now = Date.parse('2027-03-01T08:00:00Z');
  let ids = 0;
  const clock = { now: () => now, sleep: async () => {}, pass: (ms: number) => void (now += ms) };
  const slack = memorySlackChannel();
  const mailer = memoryMailer();
  const deps: Deps = {
    config,
    ledger: memoryLedger(),
    clock,
    newId: () => String((ids += 1)),
    slack,
    slackWebhook: undefined,
    mailer,
    webhooks: new Map(),
  };
  const headline = ({ message }: (typeof slack.posted)[number]) => message.text.split('\n')[0]!;
  return {
    deps,
    slack,
    mailer,
    clock,
    heads: () => slack.posted.filter(({ replyTo }) => replyTo === undefined).map(headline),
    replies: () => slack.posted.filter(({ replyTo }) => replyTo !== undefined).map(headline),
  };
}

async function tell(event: KeyturnEvent, deps: Deps): Promise<void> {
  await notifyOwner(parseNotifiedEvent(delivered(event))!, deps);
}

function subjects({ sent }: { sent: Mail[] }): string[] {
  return sent.map(({ subject }) => subject);
}

function permutations<Item>(items: readonly Item[]): Item[][] {
  if (items.length === 0) return [[]];
  return items.flatMap((item, i) => permutations(items.toSpliced(i, 1)).map((rest) => [item].concat(rest)));
}

test('a key that two secrets hold is told with the name of the secret that has it', async () => {
  const { deps, slack } = setUp();
  const first = 'arn:aws:secretsmanager:eu-central-1:123456789012:secret:billing/api-key-AbCdEf';
  await deps.ledger.write(
    announcementKey(first),
    {
      secretArn: first,
      secretName: 'billing/api-key',
      provider: 'apigee',
      target: 'developers/a@b.example/apps/billing',
      currentVersionId: 'v1',
      previousVersionId: null,
      n: 1,
      since: 0,
      cause: 'adoption',
      announced: 1,
    },
    0,
  );

  await tell(
    events.failed(5, { reason: 'shared-key', field: otherSecretField(secretHash(first)), retryable: false }),
    deps,
  );

  expect(slack.posted[0]!.message.text).toContain('billing/api-key');
});

test('that a failed rotation is abandoned afterwards says nothing new', async () => {
  const { deps, slack, heads } = setUp();

  await tell(events.failed(5, { reason: 'key-disabled', retryable: false }), deps);
  await tell(events.failed(6, { reason: 'abandoned', retryable: false }), deps);

  expect(heads()).toHaveLength(1);
  expect(heads()[0]).toContain('rotation failed 2 times, the old key stays in use');
  expect(slack.posted).toHaveLength(1);
});

test('after a rollback it is the newer key that is switched off and deleted', async () => {
  const { deps, replies } = setUp();

  await tell(events.rotated(10, { cause: 'rollback' }), deps);
  await tell(events.disabled(), deps);

  expect(replies().join()).toContain('the replaced, newer key is switched off');
});
