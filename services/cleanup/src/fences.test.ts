import {
  noteSuperseded,
  readSuperseded,
  supersededKey,
  writeSuperseded,
  type Superseded,
} from '@keyturn/aws/supersession';
import type { CheckResult } from '@keyturn/credential-provider/credential-provider';
import { PermanentError, TransientError } from '@keyturn/rotation/errors';
import { formatMark, markOf } from '@keyturn/rotation/mark';
import { expect, test } from 'vitest';

import { day, hour, minute, secretText, world, type World } from '../../../test/world.ts';
import type { Deps } from './deps.ts';
import { passFences } from './fences.ts';
import { readLive } from './managed-versions.ts';

const margin = 10 * minute;
const week = 7 * day;
const stages = ['grace', 'disabled'] as const;

/** A world in which the hand-made key was superseded, and both its grace and a soak after it are over. */
async function due(options: Parameters<typeof world>[0] = {}) {
  const w = await world(options);
  await w.provider.mark({ target: 'orders-app', keyId: w.handMade.keyId, mark: w.mark(w.firstVersion) });
  const next = w.provider.handMade({ target: 'orders-app' });
  const versionId = await w.paste(next);
  await w.provider.mark({ target: 'orders-app', keyId: next.keyId, mark: w.mark(versionId) });
  await noteSuperseded(w.ledger, {
    secretArn: w.arn,
    versionId: w.firstVersion,
    provider: 'apigee',
    target: 'orders-app',
    kind: 'superseded',
    n: 1,
    supersededAt: w.clock.now(),
    supersededBy: versionId,
    correlationId: 'c',
    dueAt: w.clock.now(),
  });
  const supersededAt = w.clock.now();
  w.pass(day + margin + week);
  return { ...w, next, versionId, supersededAt };
}
type Due = Awaited<ReturnType<typeof due>>;

/** What the fences say of the row, as it would stand at that stage. */
async function judge(w: Due, change: Partial<Superseded> = {}, deps: Partial<Deps> = {}) {
  const row = (await readSuperseded(w.ledger, supersededKey(w.arn, w.firstVersion)))!.value;
  const disabledAt = change.stage === 'disabled' ? w.supersededAt + day + margin : null;
  await w.seen();
  const live = await readLive(w.arn, w.cleanup);
  return passFences({ ...row, disabledAt, ...change }, live, { ...w.cleanup, ...deps });
}

/** Answers what is asked of the current key before all else, and nothing of the old one. */
function aboutCurrentAlone(w: World): Partial<Deps> {
  let asked = 0;
  const check: typeof w.provider.check = async (request) => {
    asked += 1;
    if (asked > 1) throw new Error('the provider was asked about the old key');
    return w.provider.check(request);
  };
  return { issue: () => ({ ...w.provider, check }) };
}

const raised = (w: World) => ({
  verdict: 'wait',
  row: { stage: 'grace', supersededAt: w.clock.now(), disabledAt: null, dueAt: w.clock.now() + day + margin },
});

test.each(stages)('lets a key of ours go that is due and that nothing names: %s', async (stage) => {
  const w = await due();

  const passed = await judge(w, { stage });

  expect(passed).toMatchObject({ verdict: 'go', old: { state: 'enabled', mark: w.mark(w.firstVersion) } });
});

test.each(stages)('I7: a version that is current again starts anew, and nothing else is asked: %s', async (stage) => {
  const w = await due();
  await w.secrets.moveCurrent({ arn: w.arn, from: w.versionId, to: w.firstVersion });

  expect(await judge(w, { stage }, aboutCurrentAlone(w))).toMatchObject(raised(w));
});

test.each(stages)('I7: a version that is pending starts anew, and nothing else is asked: %s', async (stage) => {
  const w = await due();
  const pending = { VersionStage: 'AWSPENDING', MoveToVersionId: w.firstVersion };
  await w.model.updateSecretVersionStage({ SecretId: w.arn, ...pending });

  expect(await judge(w, { stage }, aboutCurrentAlone(w))).toMatchObject(raised(w));
});

test.each(stages)('I7: a key that is current under another version id starts anew: %s', async (stage) => {
  const w = await due();
  await w.paste(`${secretText(w.handMade)} `);

  expect(await judge(w, { stage })).toMatchObject(raised(w));
});

test.each(stages)('I7: a key that is pending under another version id starts anew: %s', async (stage) => {
  const w = await due();
  const again = { SecretString: secretText(w.handMade), VersionStages: ['AWSPENDING'] };
  await w.model.putSecretValue({ SecretId: w.arn, ...again });

  expect(await judge(w, { stage })).toMatchObject(raised(w));
});

// A header does not show the key id as it is.
test.each(stages)(
  'I7: a key that is pending in a header that its shape does not know starts anew: %s',
  async (stage) => {
    const w = await due();
    const header = Buffer.from(`${w.handMade.keyId.reveal()}:another secret`).toString('base64');
    const again = { SecretString: `{ "authorization": "Basic ${header}" }`, VersionStages: ['AWSPENDING'] };
    await w.model.putSecretValue({ SecretId: w.arn, ...again });

    expect(await judge(w, { stage })).toMatchObject(raised(w));
  },
);

test.each(stages)('a pending header of another key does not stand in the way: %s', async (stage) => {
  const w = await due();
  const header = Buffer.from(`another-key-of-a-person:${w.handMade.secret.reveal()}`).toString('base64');
  const again = { SecretString: `{ "authorization": "Basic ${header}" }`, VersionStages: ['AWSPENDING'] };
  await w.model.putSecretValue({ SecretId: w.arn, ...again });

  expect(await judge(w, { stage })).not.toMatchObject(raised(w));
});

test.each([
  ['no mark', undefined, 'not-yours'],
  [
    "another secret's mark",
    markOf('arn:aws:secretsmanager:eu-central-1:123456789012:secret:b-AbCdEf', 'v', 'test'),
    'shared-key',
  ],
  [
    "another installation's mark",
    markOf('arn:aws:secretsmanager:us-east-1:123456789012:secret:b-AbCdEf', 'v', 'test'),
    'not-yours',
  ],
])('I7: a key with %s is not ours to touch, whatever the provider would allow', async (_, mark, reason) => {
  const w = await due();
  const stored = mark === undefined ? undefined : formatMark(mark);
  const check: typeof w.provider.check = async (request) => {
    const result = await w.provider.check(request);
    const isOld = request.credential.keyId.reveal() === w.handMade.keyId.reveal();
    return isOld && result.key.state !== 'absent' ? { ...result, key: { ...result.key, mark: stored } } : result;
  };

  for (const stage of reason === 'shared-key' ? (['disabled'] as const) : stages) {
    const judging = judge(w, { stage }, { issue: () => ({ ...w.provider, check }) });
    await expect(judging).rejects.toMatchObject({ name: 'PermanentError', reason });
  }
});

test('I8: the soak is waited for to the millisecond', async () => {
  const w = await due();
  const disabledAt = w.clock.now() - week + 1;

  const before = await judge(w, { stage: 'disabled', disabledAt });
  w.pass(1);
  const after = await judge(w, { stage: 'disabled', disabledAt });

  expect(before).toMatchObject({ verdict: 'wait', row: { stage: 'disabled', dueAt: disabledAt + week } });
  expect(after).toMatchObject({ verdict: 'go' });
});

test('I2: the grace is asked again before the delete', async () => {
  const w = await due();
  const supersededAt = w.clock.now() - hour;

  const passed = await judge(w, { stage: 'disabled', supersededAt });

  expect(passed).toMatchObject({ verdict: 'wait', row: { dueAt: supersededAt + day + margin } });
});

test('a soak is never shorter than the provider needs to refuse a key everywhere', async () => {
  const w = await due();
  const { standard } = w.config.policies;
  if (standard === undefined) throw new Error('no such policy');
  const config = { ...w.config, policies: { ...w.config.policies, standard: { ...standard, soak: 0 } } };
  const row = (await readSuperseded(w.ledger, supersededKey(w.arn, w.firstVersion)))!.value;
  const deps = { ...w.cleanup, config };
  const disabledAt = w.clock.now();

  const passed = await passFences({ ...row, stage: 'disabled', disabledAt }, await readLive(w.arn, deps), deps);

  expect(passed).toMatchObject({ verdict: 'wait', row: { dueAt: disabledAt + 3 * minute } });
});

test.each([
  ['observed', 'observe-only'],
  ['approved', 'not-approved'],
])('policy %s holds a due key at each step, whatever was done under an earlier policy', async (policy, reason) => {
  const w = await due({ tags: { 'keyturn:policy': policy } });

  for (const stage of stages) await expect(judge(w, { stage })).rejects.toMatchObject({ reason });
});

test('a key that a person approved may go', async () => {
  const w = await due({ tags: { 'keyturn:policy': 'approved' } });

  expect(await judge(w, { approvedAt: w.clock.now() })).toMatchObject({ verdict: 'go' });
});

test.each([
  ['is stored with another secret', { key: { secretMatches: false } }, 'key-rejected'],
  ['can be used no more', { key: { state: 'unusable' } }, 'key-rejected'],
  ['is refused in use', { use: { outcome: 'rejected', code: 'x', final: false } }, 'key-rejected'],
  ['is checked by no probe', { use: { outcome: 'no-probe' } }, 'misconfigured'],
] as const)('I1: the old key stays as long as the current one %s', async (_, change, reason) => {
  const w = await due();
  const check: typeof w.provider.check = async (request) => {
    const result = await w.provider.check(request);
    const isCurrent = request.credential.keyId.reveal() === w.next.keyId.reveal();
    if (!isCurrent || result.key.state === 'absent') return result;
    const { key, use }: { key?: Partial<typeof result.key>; use?: CheckResult['use'] } = change;
    return { key: { ...result.key, ...key }, use: request.probe === 'none' ? result.use : (use ?? result.use) };
  };

  for (const stage of stages) {
    const judging = judge(w, { stage }, { issue: () => ({ ...w.provider, check }) });
    await expect(judging).rejects.toMatchObject({ name: 'PermanentError', reason });
  }
});

test.each(stages)('I1: a current key of ours that is off comes first: %s', async (stage) => {
  const w = await due();
  await w.provider.disable({ target: 'orders-app', keyId: w.next.keyId, mark: w.mark(w.versionId) });

  await expect(judge(w, { stage })).rejects.toMatchObject({ name: 'TransientError' });

  expect(w.keys().get(w.next.keyId.reveal())).toBe('enabled');
});

test('of keys whose version Secrets Manager dropped only the one that bears the mark of that version is found', async () => {
  const w = await due();
  w.provider.handMade({ target: 'orders-app', mark: w.mark('another-version') });
  const value: typeof w.secrets.value = async (id, which) =>
    which.versionId === w.firstVersion ? undefined : w.secrets.value(id, which);
  const list: typeof w.provider.list = async (request) => (await w.provider.list(request)).toReversed();
  const deps = { secrets: { ...w.secrets, value }, issue: () => ({ ...w.provider, list }) };

  const found = await judge(w, {}, deps);
  await w.provider.disable({ target: 'orders-app', keyId: w.handMade.keyId, mark: w.mark(w.firstVersion) });
  await w.provider.remove({ target: 'orders-app', keyId: w.handMade.keyId, mark: w.mark(w.firstVersion) });
  const gone = await judge(w, {}, deps);

  expect(found).toMatchObject({ verdict: 'go', old: { mark: w.mark(w.firstVersion) } });
  expect(found.verdict === 'go' && found.old.keyId.reveal() === w.handMade.keyId.reveal()).toBe(true);
  expect(gone).toMatchObject({ verdict: 'wait', row: { stage: 'retired', dueAt: null } });
});

test('I3: a version that is retired holds no key back, though it had the same one', async () => {
  const w = await due();
  const copy = { SecretString: `${secretText(w.handMade)} `, VersionStages: ['copy'] };
  const { VersionId: versionId = '' } = await w.model.putSecretValue({ SecretId: w.arn, ...copy });
  const row = (await readSuperseded(w.ledger, supersededKey(w.arn, w.firstVersion)))!.value;
  const other = { ...row, versionId, supersededAt: w.clock.now() };

  await writeSuperseded(w.ledger, { ...other, stage: 'grace' }, 0);
  const held = await judge(w);
  const { rev } = (await readSuperseded(w.ledger, supersededKey(w.arn, versionId)))!;
  await writeSuperseded(w.ledger, { ...other, stage: 'retired', dueAt: null }, rev);

  expect(held).toMatchObject({ verdict: 'wait', row: { dueAt: w.clock.now() + day + margin } });
  expect(await judge(w)).toMatchObject({ verdict: 'go' });
});

test('I3: a key that the provider chose anew after its value was stored is found by its mark', async () => {
  const w = await due();
  const check: typeof w.provider.check = async (request) => {
    const result = await w.provider.check(request);
    const isOld = request.credential.keyId.reveal() === w.handMade.keyId.reveal();
    return isOld ? { ...result, key: { state: 'absent' } } : result;
  };

  const passed = await judge(w, {}, { issue: () => ({ ...w.provider, check }) });

  expect(passed).toMatchObject({ verdict: 'go', old: { state: 'enabled', credential: undefined } });
});

test.each(stages)(
  'a current version that shows the old key in one of its places holds the old key: %s',
  async (stage) => {
    const w = await due({ tags: { 'keyturn:shape': 'header' } });
    const pair = `"key":"${w.next.keyId.reveal()}","secret":"${w.next.secret.reveal()}"`;
    const versionId = await w.paste(`{${pair},"auth":"Basic b2xkOm9sZA=="}`);
    await w.provider.mark({ target: 'orders-app', keyId: w.next.keyId, mark: w.mark(versionId) });

    await expect(judge(w, { stage })).rejects.toMatchObject({ reason: 'shape-mismatch', field: '/auth' });
  },
);

test.each(stages)(
  'I1: a current key that is off is switched on, though its version does not agree with itself: %s',
  async (stage) => {
    const w = await due({ tags: { 'keyturn:shape': 'header' } });
    const pair = `"key":"${w.next.keyId.reveal()}","secret":"${w.next.secret.reveal()}"`;
    const versionId = await w.paste(`{${pair},"auth":"Basic b2xkOm9sZA=="}`);
    await w.provider.mark({ target: 'orders-app', keyId: w.next.keyId, mark: w.mark(versionId) });
    await w.provider.disable({ target: 'orders-app', keyId: w.next.keyId, mark: w.mark(versionId) });

    await expect(judge(w, { stage })).rejects.toMatchObject({ name: 'TransientError' });

    expect(w.events('CredentialRestored')).toHaveLength(1);
  },
);

test.each(['{}', '{"key":null,"secret":null}', '{"key":"REPLACE_ME","secret":"REPLACE_ME"}', 'REPLACE_ME'])(
  'a version from before the first key has none to retire: %s',
  async (text) => {
    const w = await due();
    const empty = await w.paste(text);
    await w.paste(w.next);

    const passed = await judge(w, { versionId: empty, supersededAt: w.supersededAt });

    expect(passed).toMatchObject({ verdict: 'wait', row: { stage: 'retired', dueAt: null } });
  },
);

test.each([
  ['is no JSON', 'oops', 'retired'],
  ['holds no credential yet', '{"key":"","secret":""}', 'retired'],
  ['has its fields elsewhere', '{"apigee":{"id":"a","password":"b"}}', 'shape-mismatch'],
  ['has half a credential', '{"key":"a","secret":""}', 'shape-mismatch'],
])('an old version that %s ends in silence only if it holds no key for sure', async (_, text, end) => {
  const w = await due();
  const versionId = await w.paste(text);
  await w.paste(w.next);

  const judged = await judge(w, { versionId }).then(
    (passed) => (passed.verdict === 'wait' ? passed.row.stage : passed.verdict),
    (error: unknown) => (error instanceof PermanentError ? error.reason : 'a bug'),
  );

  expect(judged).toBe(end);
});

async function wentAndCame(w: Due) {
  const move = (from: string, to: string) => w.secrets.moveCurrent({ arn: w.arn, from, to });
  await move(w.versionId, w.firstVersion);
  await move(w.firstVersion, w.versionId);
}

test('I2: while the announcer has to look yet, a key that somebody set out to switch off is on', async () => {
  const w = await due();
  await w.seen();
  w.pass(minute);
  await wentAndCame(w);
  await w.provider.disable({ target: 'orders-app', keyId: w.handMade.keyId, mark: w.mark(w.firstVersion) });
  const row = (await readSuperseded(w.ledger, supersededKey(w.arn, w.firstVersion)))!.value;

  const passing = passFences({ ...row, mayBeOff: true }, await readLive(w.arn, w.cleanup), w.cleanup);

  await expect(passing).rejects.toThrow(TransientError);
  expect(w.keys().get(w.handMade.keyId.reveal())).toBe('enabled');
});

test('I3: a change that comes so late that it prolongs nothing keeps no old key waiting, however often it is repeated', async () => {
  const w = await due();
  await w.seen();
  w.pass(90 * day);
  await wentAndCame(w);
  const row = (await readSuperseded(w.ledger, supersededKey(w.arn, w.firstVersion)))!.value;

  const passed = await passFences(row, await readLive(w.arn, w.cleanup), w.cleanup);

  expect(passed).toMatchObject({ verdict: 'go' });
});

test.each([
  ['a version became current that it has not seen', (w: Due) => w.paste(secretText(w.next))],
  ['AWSCURRENT went away and came back', wentAndCame],
  [
    'AWSCURRENT went away and came back within an open rotation',
    async (w: Due) => {
      await w.begin();
      await wentAndCame(w);
    },
  ],
])('I2: nothing is ended while the announcer has to look yet: %s', async (_, change) => {
  const w = await due();
  await w.seen();
  w.pass(minute);
  await change(w);
  const row = (await readSuperseded(w.ledger, supersededKey(w.arn, w.firstVersion)))!.value;

  await expect(passFences(row, await readLive(w.arn, w.cleanup), w.cleanup)).rejects.toThrow(TransientError);
  await w.seen();
  await expect(passFences(row, await readLive(w.arn, w.cleanup), w.cleanup)).resolves.toMatchObject({ verdict: 'go' });
});

test.each(stages)(
  'I1: a key that another secret gives its readers is kept, whatever its row says: %s',
  async (stage) => {
    const w = await due();
    await w.model.createSecret({
      Name: 'billing/apigee',
      SecretString: secretText(w.handMade),
      Tags: [
        { Key: 'keyturn:provider', Value: 'apigee' },
        { Key: 'keyturn:target', Value: 'orders-app' },
      ],
    });

    await expect(judge(w, { stage })).rejects.toMatchObject({ reason: 'shared-key', field: 'billing/apigee' });
  },
);
