import { announcementKey, readAnnouncement } from '@keyturn/aws/announcement';
import { giveLeaseBack, takeLease } from '@keyturn/aws/lease';
import { countHarm } from '@keyturn/aws/breaker';
import { failureKey, rotationFailure } from '@keyturn/aws/rotation-failure';
import { noteSuperseded, readSuperseded, supersededKey, writeSuperseded } from '@keyturn/aws/supersession';
import type { CheckResult } from '@keyturn/credential-provider/credential-provider';
import { credential } from '@keyturn/rotation/credential';
import { formatMark, markOf } from '@keyturn/rotation/mark';
import { expect, test } from 'vitest';

import { keyturn } from '../../../test/keyturn.ts';
import { day, secretText, world, type World } from '../../../test/world.ts';

/** A secret that a person made, beside the one of the world. */
async function pasted(w: World, value?: string) {
  const key = w.provider.handMade({ target: 'other-app' });
  const { ARN: arn = '', VersionId: versionId = '' } = await w.model.createSecret({
    Name: 'billing/apigee',
    SecretString: value ?? secretText(key),
  });
  return { key, arn, versionId };
}

const picks = ['--provider', 'apigee', '--policy', 'standard', '--shape', 'pair', '--owner', 'orders'];

test('adopt shows the plan and changes nothing without --yes', async () => {
  const w = await world();
  const { arn, key } = await pasted(w);
  const before = w.provider.stored('other-app');

  const { code, text } = await keyturn(w, 'adopt', 'billing/apigee', ...picks);

  expect(code).toBe(0);
  expect(text).toContain('target       other-app');
  expect(text).toContain('Nothing was changed');
  expect(text).not.toContain(key.keyId.reveal());
  expect(w.provider.stored('other-app')).toEqual(before);
  expect((await w.secrets.describe(arn)).tags).toEqual({});
});

test('adopt --yes marks the key, tags the secret, records it, attaches the schedule without rotating, and tells', async () => {
  const w = await world();
  const { arn, versionId } = await pasted(w);

  const { code, answer } = await keyturn(w, 'adopt', 'billing/apigee', ...picks, '--yes', '--json');

  const description = await w.secrets.describe(arn);
  expect(code).toBe(0);
  expect(answer).toMatchObject({ ok: true, adopted: true, target: 'other-app' });
  expect(w.provider.stored('other-app')).toMatchObject([{ mark: formatMark(markOf(arn, versionId, 'test')) }]);
  expect(description.tags).toMatchObject({ 'keyturn:target': 'other-app', 'keyturn:provider': 'apigee' });
  expect(description.rotation).toMatchObject({ enabled: true, lambdaArn: w.handlerArn, schedule: 'rate(30 days)' });
  expect(description.stages.get(versionId)).toContain('AWSCURRENT');
  expect((await readAnnouncement(w.ledger, arn))?.value).toMatchObject({
    cause: 'adoption',
    currentVersionId: versionId,
  });
  expect(w.events('SecretAdopted')).toHaveLength(1);
});

test('adopt again finishes what was interrupted, and changes nothing that is done', async () => {
  const w = await world();
  const { arn } = await pasted(w);
  await keyturn(w, 'adopt', 'billing/apigee', ...picks, '--yes');
  const before = { stored: w.provider.stored('other-app'), row: await readAnnouncement(w.ledger, arn) };

  const { code } = await keyturn(w, 'adopt', 'billing/apigee', ...picks, '--yes');

  expect(code).toBe(0);
  expect(w.provider.stored('other-app')).toEqual(before.stored);
  expect(await readAnnouncement(w.ledger, arn)).toEqual(before.row);
});

test('adopt refuses the key of another secret and names that secret', async () => {
  const w = await world();
  const { key } = await pasted(w);
  await keyturn(w, 'adopt', 'billing/apigee', ...picks, '--yes');
  await w.model.createSecret({ Name: 'copy/apigee', SecretString: secretText(key) });
  const before = w.provider.stored('other-app');

  const { code, text, answer } = await keyturn(w, 'adopt', 'copy/apigee', ...picks, '--yes', '--json');

  expect(code).toBe(1);
  expect(answer).toMatchObject({ ok: false, reason: 'shared-key', field: 'billing/apigee' });
  expect(text).toBe('');
  expect(w.provider.stored('other-app')).toEqual(before);
});

test.each([
  ['an unknown provider', ['--provider', 'nowhere'], 'misconfigured', 'tag keyturn:provider'],
  ['a URL for a provider', ['--provider', 'https://evil.example'], 'misconfigured', 'tag keyturn:provider'],
  ['an unknown policy', ['--policy', 'none'], 'misconfigured', 'tag keyturn:policy'],
  ['an unknown shape', ['--shape', 'none'], 'misconfigured', 'tag keyturn:shape'],
  ['an unknown owner', ['--owner', 'none'], 'misconfigured', 'tag keyturn:owner'],
  ['a target that does not have the key', ['--target', 'orders-app'], 'not-yours', 'tag keyturn:target'],
])('adopt refuses %s with a reason and a field', async (_, change, reason, field) => {
  const w = await world();
  const { arn } = await pasted(w);

  const { code, answer } = await keyturn(w, 'adopt', 'billing/apigee', ...picks, ...change, '--yes', '--json');

  expect(code).toBe(1);
  expect(answer).toMatchObject({ ok: false, reason, field });
  expect((await w.secrets.describe(arn)).tags).toEqual({});
});

test('adopt refuses a key that no target knows, and never shows it', async () => {
  const w = await world();
  await pasted(w, secretText(credential('a-made-up-key', 'a-made-up-secret')));

  const { code, text } = await keyturn(w, 'adopt', 'billing/apigee', ...picks);

  expect(code).toBe(1);
  expect(text).toContain('not-yours');
  expect(text).not.toContain('made-up');
});

test('plan says what would refuse the next rotation, and exits 1 then', async () => {
  const w = await world();

  const good = await keyturn(w, 'plan', 'orders/apigee');
  w.provider.switchOff('orders-app');
  const bad = await keyturn(w, 'plan', 'orders/apigee', '--json');

  expect([good.code, bad.code]).toEqual([0, 1]);
  expect(good.text).toContain('Nothing stands against it');
  expect(bad.answer).toMatchObject({ ok: false, wouldBeRefused: [{ reason: 'key-rejected' }] });
});

test('status lists what is managed, what is retiring and what is wrong', async () => {
  const w = await world();
  await pasted(w);
  await noteSuperseded(w.ledger, {
    secretArn: w.arn,
    versionId: 'old',
    kind: 'superseded',
    provider: 'apigee',
    target: 'orders-app',
    n: 1,
    supersededAt: w.clock.now(),
    supersededBy: w.firstVersion,
    correlationId: 'c',
    dueAt: w.clock.now() + day,
  });
  await w.fleet.set('paused');

  const { code, answer, text } = await keyturn(w, 'status', '--json');
  await w.model.cancelRotateSecret({ SecretId: w.arn });
  const people = await keyturn(w, 'status');

  expect(code).toBe(0);
  expect(text).toBe('');
  expect(answer).toMatchObject({
    paused: true,
    secrets: [
      { name: 'orders/apigee', owner: 'orders', retiring: [{ versionId: 'old', stage: 'grace' }], problems: [] },
    ],
  });
  expect(people.code).toBe(1);
  expect(people.text).toContain('rotation is switched off');
});

test('rotate begins a rotation; begun twice it is the same one', async () => {
  const w = await world();

  const first = await keyturn(w, 'rotate', 'orders/apigee', '--json');
  const second = await keyturn(w, 'rotate', 'orders/apigee', '--json');

  expect([first.code, second.code]).toEqual([0, 0]);
  expect(second.answer?.['versionId']).toBe(first.answer?.['versionId']);
});

test('rotate --wait exits 1 when the version is not current in time', async () => {
  const w = await world();

  const { code, answer } = await keyturn(w, 'rotate', 'orders/apigee', '--wait', '--timeout', '5', '--json');

  expect(code).toBe(1);
  expect(answer).toMatchObject({ outcome: 'pending' });
});

test('rollback moves AWSCURRENT back, switching the old key on first if it is off', async () => {
  const w = await world();
  await w.provider.mark({ target: 'orders-app', keyId: w.handMade.keyId, mark: w.mark(w.firstVersion) });
  const newer = await w.paste(w.provider.handMade({ target: 'orders-app' }));
  await w.provider.disable({ target: 'orders-app', keyId: w.handMade.keyId, mark: w.mark(w.firstVersion) });
  w.pass(day);

  const shown = await keyturn(w, 'rollback', 'orders/apigee');
  const untouched = await w.labels(newer);
  const { code } = await keyturn(w, 'rollback', 'orders/apigee', '--yes');

  expect(shown.code).toBe(0);
  expect(untouched).toContain('AWSCURRENT');
  expect(code).toBe(0);
  expect(await w.labels(w.firstVersion)).toContain('AWSCURRENT');
  expect(w.provider.acceptedBy(w.handMade)).toEqual([true, true, true]);
});

test('rollback to a key that is gone is refused', async () => {
  const w = await world();
  await w.provider.mark({ target: 'orders-app', keyId: w.handMade.keyId, mark: w.mark(w.firstVersion) });
  const newer = await w.paste(w.provider.handMade({ target: 'orders-app' }));
  await w.provider.remove({ target: 'orders-app', keyId: w.handMade.keyId, mark: w.mark(w.firstVersion) });

  const { code, answer } = await keyturn(w, 'rollback', 'orders/apigee', '--yes', '--json');

  expect(code).toBe(1);
  expect(answer).toMatchObject({ ok: false, reason: 'not-yours' });
  expect(await w.labels(newer)).toContain('AWSCURRENT');
});

test('pause and resume set the fleet flag', async () => {
  const w = await world();

  await keyturn(w, 'pause');
  const paused = await w.fleet.paused();
  await keyturn(w, 'resume');

  expect([paused, await w.fleet.paused()]).toEqual([true, false]);
});

test('approve lets a superseded key go, by the rules', async () => {
  const w = await world();
  await noteSuperseded(w.ledger, {
    secretArn: w.arn,
    versionId: 'old',
    kind: 'superseded',
    provider: 'apigee',
    target: 'orders-app',
    n: 1,
    supersededAt: w.clock.now(),
    supersededBy: w.firstVersion,
    correlationId: 'c',
    dueAt: w.clock.now() + day,
  });

  const { code } = await keyturn(w, 'approve', 'orders/apigee');

  expect(code).toBe(0);
  expect((await readSuperseded(w.ledger, supersededKey(w.arn, 'old')))?.value.approvedAt).toBe(w.clock.now());
});

test.each([
  [['--help'], 0, 'keyturn <command>'],
  [[], 2, 'keyturn <command>'],
  [['polish'], 2, 'there is no command polish'],
  [['adopt', '--help'], 0, 'keyturn adopt <secret>'],
  [['adopt'], 2, 'Which secret?'],
  [['adopt', 'a'], 2, '--provider is missing'],
  [['status', '--colour'], 2, "Unknown option '--colour'"],
  [['rotate', 'a', 'b'], 2, 'One secret at a time'],
])('the call %j ends with exit code %i and says %s', async (words, expected, sentence) => {
  const { code, text } = await keyturn(await world(), ...words);

  expect(code).toBe(expected);
  expect(text).toContain(sentence);
});

/** The world with another policy `standard`. */
function underPolicy(w: World, change: Record<string, unknown>): World {
  const { standard } = w.config.policies;
  if (standard === undefined) throw new Error('no such policy');
  const config = { ...w.config, policies: { ...w.config.policies, standard: { ...standard, ...change } } };
  return { ...w, cleanup: { ...w.cleanup, config } };
}

/** The world with a provider whose probes find `use`. */
function probing(w: World, use: CheckResult['use']): World {
  const check: typeof w.provider.check = async (request) => {
    const result = await w.provider.check(request);
    return request.probe === 'none' ? result : { ...result, use };
  };
  return { ...w, provider: { ...w.provider, check } };
}

test('I10: adopt gives up a key that another secret marked at the same moment, and changes nothing else', async () => {
  const w = await world();
  const { arn } = await pasted(w);
  const mark: typeof w.provider.mark = (request) =>
    w.provider.mark({ ...request, mark: formatMark(markOf(w.arn, 'v', 'test')) });

  const { code, answer } = await keyturn(
    { ...w, provider: { ...w.provider, mark } },
    'adopt',
    'billing/apigee',
    ...picks,
    '--yes',
    '--json',
  );

  const { tags, rotation } = await w.secrets.describe(arn);
  expect(code).toBe(1);
  expect(answer).toMatchObject({ ok: false, reason: 'shared-key' });
  expect([tags, rotation.enabled]).toEqual([{}, false]);
});

test('adopt refuses a secret that another function rotates', async () => {
  const w = await world();
  const { arn } = await pasted(w);
  const RotationLambdaARN = w.handlerArn.replace('keyturn-test', 'somebody');
  const { VersionId: token = '' } = await w.model.rotateSecret({
    SecretId: arn,
    RotationLambdaARN,
    RotateImmediately: false,
  });
  w.model.rotations.ended({ arn, token, succeeded: true });

  const { code, answer } = await keyturn(w, 'adopt', 'billing/apigee', ...picks, '--yes', '--json');

  expect(code).toBe(1);
  expect(answer).toMatchObject({ reason: 'not-ours', field: 'RotationLambdaARN' });
  expect((await w.secrets.describe(arn)).rotation.lambdaArn).toBe(RotationLambdaARN);
});

test.each([
  ['that the gateway refuses', { outcome: 'rejected', code: 'x', final: false }, 'key-rejected', '/key'],
  ['that no probe fits', { outcome: 'no-probe' }, 'misconfigured', 'providers.apigee.probes'],
] as const)('I9: adopt and plan refuse a key %s', async (_, use, reason, field) => {
  const w = await world();
  const { arn } = await pasted(w);

  const adopted = await keyturn(probing(w, use), 'adopt', 'billing/apigee', ...picks, '--yes', '--json');
  const planned = await keyturn(probing(w, use), 'plan', 'orders/apigee', '--json');

  expect(adopted.answer).toMatchObject({ ok: false, reason, field });
  expect((await w.secrets.describe(arn)).tags).toEqual({});
  expect(planned.code).toBe(1);
  expect(planned.answer).toMatchObject({ wouldBeRefused: [{ reason }] });
});

test('I10: plan names the secret that has the key already, and refuses a key that the target does not know', async () => {
  const w = await world();
  const { arn, versionId } = await pasted(w);
  await keyturn(w, 'adopt', 'billing/apigee', ...picks, '--yes');
  const mark = formatMark(markOf(arn, versionId, 'test'));
  await w.paste(w.provider.handMade({ target: 'orders-app', mark }));

  const shared = await keyturn(w, 'plan', 'orders/apigee', '--json');
  await w.paste(credential('unknown', 'unknown'));
  const unproven = await keyturn(w, 'plan', 'orders/apigee', '--json');

  expect(shared.answer).toMatchObject({
    ok: false,
    wouldBeRefused: [{ reason: 'shared-key', message: 'The key belongs to billing/apigee' }],
  });
  expect(unproven.answer).toMatchObject({ ok: false, wouldBeRefused: [{ reason: 'not-yours' }] });
});

/** A secret whose hand-made first key was followed by another one. */
async function followed() {
  const w = await world();
  await w.provider.mark({ target: 'orders-app', keyId: w.handMade.keyId, mark: w.mark(w.firstVersion) });
  const newer = await w.paste(w.provider.handMade({ target: 'orders-app' }));
  return { ...w, newer };
}

test('I1: rollback does not go back to a key that the gateway refuses', async () => {
  const w = await followed();
  const refusing = probing(w, { outcome: 'rejected', code: 'x', final: false });

  const { answer } = await keyturn(refusing, 'rollback', 'orders/apigee', '--yes', '--json');

  expect(answer).toMatchObject({ ok: false, reason: 'key-rejected' });
  expect(await w.labels(w.newer)).toContain('AWSCURRENT');
});

test('I1: rollback does not go back to a key that can be used no more, though no probe is asked for', async () => {
  const w = await followed();
  w.provider.switchOff('orders-app');

  const { answer } = await keyturn(
    underPolicy(w, { verification: 'controlPlane' }),
    'rollback',
    'orders/apigee',
    '--yes',
    '--json',
  );

  expect(answer).toMatchObject({ ok: false, reason: 'key-disabled', field: '--to' });
  expect(await w.labels(w.newer)).toContain('AWSCURRENT');
});

test('I9: rollback wants every accept of the policy after it switched the key on', async () => {
  const w = await followed();
  await w.provider.disable({ target: 'orders-app', keyId: w.handMade.keyId, mark: w.mark(w.firstVersion) });
  w.pass(day);

  const { answer } = await keyturn(underPolicy(w, { holdOff: 0 }), 'rollback', 'orders/apigee', '--yes', '--json');

  expect(answer).toMatchObject({ ok: false, reason: 'key-rejected' });
  expect(await w.labels(w.newer)).toContain('AWSCURRENT');
});

test('rollback goes back to the version that --to names, and takes an AWSPENDING that was left off the newer one', async () => {
  const w = await followed();
  const newest = await w.paste(w.provider.handMade({ target: 'orders-app' }));
  await w.model.updateSecretVersionStage({ SecretId: w.arn, VersionStage: 'AWSPENDING', MoveToVersionId: newest });
  const kept = { VersionStage: 'kept', MoveToVersionId: w.firstVersion };
  await w.model.updateSecretVersionStage({ SecretId: w.arn, ...kept });

  const { code } = await keyturn(w, 'rollback', 'orders/apigee', '--to', w.firstVersion, '--yes');

  expect(code).toBe(0);
  expect(await w.labels(w.firstVersion)).toContain('AWSCURRENT');
  expect(await w.labels(newest)).not.toContain('AWSPENDING');
});

test('rollback to a version with the same key is refused: nothing would change', async () => {
  const w = await followed();
  await w.paste(`${secretText(await w.credentialIn())} `);

  const { answer } = await keyturn(w, 'rollback', 'orders/apigee', '--yes', '--json');

  expect(answer).toMatchObject({ ok: false, reason: 'same-key', field: '--to' });
});

test('rollback says so when somebody else moved AWSCURRENT meanwhile', async () => {
  const w = await followed();
  const moveCurrent = async () => 'lost' as const;

  const { code, answer } = await keyturn(
    { ...w, secrets: { ...w.secrets, moveCurrent } },
    'rollback',
    'orders/apigee',
    '--yes',
    '--json',
  );

  expect(code).toBe(1);
  expect(answer).toMatchObject({ ok: false, reason: 'unavailable' });
});

test('I6: no command shows a key or a secret, to people or to programs', async () => {
  const w = await followed();
  const { key } = await pasted(w);
  const commands = [
    ['adopt', 'billing/apigee', ...picks],
    ['plan', 'orders/apigee'],
    ['status'],
    ['rollback', 'orders/apigee'],
    ['rotate', 'orders/apigee'],
  ];

  const shown = [];
  for (const words of commands) shown.push(await keyturn(w, ...words), await keyturn(w, ...words, '--json'));

  const current = await w.credentialIn();
  expect(shown.map(({ code }) => code)).toEqual(shown.map(() => 0));
  for (const value of [key.keyId, key.secret, w.handMade.keyId, w.handMade.secret, current.keyId, current.secret]) {
    expect(JSON.stringify(shown)).not.toContain(value.reveal());
  }
});

/** Rows of versions on their way to their end. */
async function retiring(w: World, ...versionIds: string[]) {
  for (const versionId of versionIds) {
    await noteSuperseded(w.ledger, {
      secretArn: w.arn,
      versionId,
      provider: 'apigee',
      target: 'orders-app',
      kind: 'superseded',
      n: 1,
      supersededAt: w.clock.now(),
      supersededBy: w.firstVersion,
      correlationId: 'c',
      dueAt: w.clock.now() + day,
    });
  }
  return async (versionId: string) => (await readSuperseded(w.ledger, supersededKey(w.arn, versionId)))!;
}

test('I2: approve lets one version go, makes it due to be looked at, and does not move its grace', async () => {
  const w = await world();
  const rowOf = await retiring(w, 'one', 'two');
  const supersededAt = w.clock.now();
  w.pass(1000);

  await keyturn(w, 'approve', 'orders/apigee', '--version', 'one');

  expect((await rowOf('one')).value).toMatchObject({ approvedAt: w.clock.now(), dueAt: w.clock.now(), supersededAt });
  expect((await rowOf('two')).value).toMatchObject({ approvedAt: null, dueAt: supersededAt + day });
});

test('approve has nothing to say of a key that is retired, and status lists it as gone', async () => {
  const w = await world();
  const rowOf = await retiring(w, 'one');
  const { value, rev } = await rowOf('one');
  await writeSuperseded(w.ledger, { ...value, stage: 'retired', dueAt: null }, rev);

  const approved = await keyturn(w, 'approve', 'orders/apigee', '--json');
  const listed = await keyturn(w, 'status', '--json');

  expect(approved.answer).toMatchObject({ ok: false, reason: 'secret-missing', field: '--version' });
  expect(listed.answer).toMatchObject({ secrets: [{ retiring: [], retired: ['one'] }] });
});

test('approve says so when the sweep wrote the row meanwhile', async () => {
  const w = await world();
  await retiring(w, 'one');
  const ledger = { ...w.ledger, write: async () => false };

  const { code, answer } = await keyturn(
    { ...w, cleanup: { ...w.cleanup, ledger } },
    'approve',
    'orders/apigee',
    '--json',
  );

  expect(code).toBe(1);
  expect(answer).toMatchObject({ ok: false, reason: 'unavailable' });
});

test('a secret that nobody rotates is not rotated, and plan says why', async () => {
  const w = await world();
  await w.model.cancelRotateSecret({ SecretId: w.arn });

  const rotated = await keyturn(w, 'rotate', 'orders/apigee', '--json');
  const planned = await keyturn(w, 'plan', 'orders/apigee', '--json');

  expect(rotated.answer).toMatchObject({ ok: false, reason: 'not-ours', field: 'RotationEnabled' });
  expect(planned.answer).toMatchObject({ ok: false, wouldBeRefused: [{ field: 'RotationEnabled' }] });
  expect((await w.secrets.describe(w.arn)).rotation.enabled).toBe(false);
});

test.each([
  [
    'current',
    0,
    (w: World, versionId: string) => w.secrets.moveCurrent({ arn: w.arn, from: w.firstVersion, to: versionId }),
  ],
  ['dropped', 1, (w: World, versionId: string) => w.secrets.dropPending({ arn: w.arn, versionId })],
])('rotate --wait ends as soon as the version is %s, with exit code %i', async (outcome, expected, happen) => {
  const w = await world();
  const sleep = async (ms: number) => {
    w.pass(ms);
    const { stages } = await w.secrets.describe(w.arn);
    const pending = [...stages].find(([, labels]) => labels.includes('AWSPENDING'))?.[0];
    if (pending !== undefined) await happen(w, pending);
  };
  const before = w.clock.now();

  const { code, answer } = await keyturn(
    { ...w, cleanup: { ...w.cleanup, clock: { ...w.clock, sleep } } },
    'rotate',
    'orders/apigee',
    '--wait',
    '--json',
  );

  expect([code, answer?.['outcome']]).toEqual([expected, outcome]);
  expect(w.clock.now()).toBe(before + 1000);
});

test('status says that the breaker paused the fleet, and why, until it goes on', async () => {
  const w = await world();
  const counted = { harm: 'failed-verifications', at: w.clock.now(), now: w.clock.now(), limit: 1 } as const;
  for (const id of ['a', 'b']) await countHarm(w.ledger, { ...counted, id });
  await w.fleet.set('paused');

  const paused = await keyturn(w, 'status');
  await w.fleet.set('running');
  const running = await keyturn(w, 'status', '--json');

  expect(paused.text).toContain('2 failed verifications within an hour. What to do: docs/runbooks/fleet-paused.md');
  expect(running.answer).toMatchObject({ paused: false, pausedBecause: [] });
});

type Failing = { readonly reason: string; readonly retryable: boolean; readonly at?: number };

/** `rotate --wait`, while the announcer notes failures of the version that is pending: the first before it begins, one more each second. */
async function rotateFailing(w: World, earlier: Failing | undefined, failures: readonly Failing[]) {
  const left = [...failures];
  const fail = async (token: string, { at = w.clock.now(), ...failure }: Failing) => {
    const key = failureKey(w.arn, token);
    const row = await w.ledger.read(key, rotationFailure);
    const more = { what: 'told', failure: { step: 'createSecret', field: 'keyturn:policy', ...failure } };
    await w.ledger.write(key, { token, at, ...more }, row?.rev ?? 0);
  };
  if (earlier !== undefined) await fail(await w.begin(), earlier);
  const sleep = async (ms: number) => {
    w.pass(ms);
    const { stages } = await w.secrets.describe(w.arn);
    const pending = [...stages].find(([, labels]) => labels.includes('AWSPENDING'))?.[0] ?? '';
    const next = left.shift();
    if (next !== undefined) await fail(pending, next);
  };
  const began = w.clock.now();
  const waiting = { ...w, cleanup: { ...w.cleanup, clock: { ...w.clock, sleep } } };
  const result = await keyturn(waiting, 'rotate', 'orders/apigee', '--wait', '--timeout', '60', '--json');
  return { ...result, tookMs: w.clock.now() - began };
}

test('rotate --wait ends at once when the rotation failed for good, with the reason and what to do', async () => {
  const w = await world();

  const { code, answer, tookMs } = await rotateFailing(w, undefined, [{ reason: 'misconfigured', retryable: false }]);

  expect(code).toBe(1);
  expect(answer).toMatchObject({
    outcome: 'failed',
    step: 'createSecret',
    reason: 'misconfigured',
    field: 'keyturn:policy',
  });
  expect(tookMs).toBe(1000);
});

test('rotate --wait tells people why it failed, and where to read on', async () => {
  const w = await world();
  const sleep = async (ms: number) => {
    w.pass(ms);
    const { stages } = await w.secrets.describe(w.arn);
    const token = [...stages].find(([, labels]) => labels.includes('AWSPENDING'))?.[0] ?? '';
    const failure = { step: 'createSecret', reason: 'shape-mismatch', field: '/key', retryable: false };
    await w.ledger.write(failureKey(w.arn, token), { token, at: w.clock.now(), what: 'told', failure }, 0);
  };

  const { text } = await keyturn(
    { ...w, cleanup: { ...w.cleanup, clock: { ...w.clock, sleep } } },
    'rotate',
    'orders/apigee',
    '--wait',
  );

  expect(text).toContain('Failed, and no retry will succeed as it is. The old key stays current.');
  expect(text).toContain(
    'It failed in createSecret: reason shape-mismatch, look at /key. What to do: docs/runbooks/shape-mismatch.md.',
  );
});

test('rotate --wait goes on after a failure that may heal, and tells it when the time is over', async () => {
  const w = await world();

  const { code, answer, tookMs } = await rotateFailing(w, undefined, [{ reason: 'unavailable', retryable: true }]);

  expect(code).toBe(1);
  expect(answer).toMatchObject({ outcome: 'pending', reason: 'unavailable' });
  expect(tookMs).toBeGreaterThanOrEqual(60_000);
});

test('rotate --wait takes no failure of an earlier attempt for its own', async () => {
  const w = await world();
  const earlier = { reason: 'misconfigured', retryable: false, at: 5 };

  const { answer } = await rotateFailing(w, earlier, []);
  const again = await rotateFailing(w, undefined, [{ reason: 'quota', retryable: false }]);

  expect(answer).toMatchObject({ outcome: 'pending', reason: null });
  expect(again.answer).toMatchObject({ outcome: 'failed', reason: 'quota' });
});

test('rotate --wait tells nothing of a failure that was made up for', async () => {
  const w = await world();
  let seconds = 0;
  const sleep = async (ms: number) => {
    w.pass(ms);
    seconds += 1;
    const { stages } = await w.secrets.describe(w.arn);
    const token = [...stages].find(([, labels]) => labels.includes('AWSPENDING'))?.[0] ?? '';
    const failure = { step: 'setSecret', reason: 'unavailable', field: null, retryable: true };
    if (seconds === 1) await w.ledger.write(failureKey(w.arn, token), { token, at: 1, what: 'told', failure }, 0);
    else await w.secrets.moveCurrent({ arn: w.arn, from: w.firstVersion, to: token });
  };

  const { code, answer } = await keyturn(
    { ...w, cleanup: { ...w.cleanup, clock: { ...w.clock, sleep } } },
    'rotate',
    'orders/apigee',
    '--wait',
    '--json',
  );

  expect(code).toBe(0);
  expect(answer).toMatchObject({ outcome: 'current', reason: null });
});

test('status tells people that the fleet is paused, and which tag of a secret is wrong', async () => {
  const w = await world({ tags: { 'keyturn:owner': 'nobody' } });
  await w.fleet.set('paused');

  const { code, text } = await keyturn(w, 'status');

  expect(code).toBe(1);
  expect(text).toContain('PAUSED');
  expect(text).toContain('keyturn:owner');
});

test.each([['plan'], ['rollback', '--yes'], ['adopt', ...picks, '--yes']])(
  '%s leaves a secret alone that is being deleted',
  async (name, ...options) => {
    const w = await world();
    await w.model.deleteSecret({ SecretId: w.arn, RecoveryWindowInDays: 7 });

    const { answer } = await keyturn(w, name ?? '', 'orders/apigee', ...options, '--json');

    expect(answer).toMatchObject({ ok: false, reason: 'secret-deleting' });
    expect(answer?.['message']).toContain('restore it first');
  },
);

test('adopt refuses a secret on which somebody left a pending version', async () => {
  const w = await world();
  const { arn } = await pasted(w);
  const left = { SecretString: '{"key":"a","secret":"b"}', VersionStages: ['AWSPENDING'] };
  await w.model.putSecretValue({ SecretId: arn, ...left });

  const { answer } = await keyturn(w, 'adopt', 'billing/apigee', ...picks, '--yes', '--json');

  expect(answer).toMatchObject({ ok: false, reason: 'key-conflict', field: 'AWSPENDING' });
  expect((await w.secrets.describe(arn)).tags).toEqual({});
});

test('I1: rollback does not go back to a key for which the provider stores another secret', async () => {
  const w = await followed();
  const check: typeof w.provider.check = async (request) => {
    const result = await w.provider.check(request);
    return result.key.state === 'absent' ? result : { ...result, key: { ...result.key, secretMatches: false } };
  };

  const { answer } = await keyturn(
    { ...w, provider: { ...w.provider, check } },
    'rollback',
    'orders/apigee',
    '--yes',
    '--json',
  );

  expect(answer).toMatchObject({ ok: false, reason: 'not-yours' });
  expect(await w.labels(w.newer)).toContain('AWSCURRENT');
});

test('I1: rollback waits for whoever is at work on the target, and does not keep the target', async () => {
  const w = await followed();
  const lease = { provider: 'apigee', target: 'orders-app', holder: 'the sweep', now: w.clock.now(), durationMs: 1000 };
  await takeLease(w.ledger, lease);

  const refused = await keyturn(w, 'rollback', 'orders/apigee', '--yes', '--json');
  const untouched = await w.labels(w.newer);
  await giveLeaseBack(w.ledger, lease);
  const done = await keyturn(w, 'rollback', 'orders/apigee', '--yes');

  expect(refused.answer).toMatchObject({ ok: false, reason: 'unavailable' });
  expect(untouched).toContain('AWSCURRENT');
  expect(done.code).toBe(0);
  expect(await takeLease(w.ledger, { ...lease, now: w.clock.now() })).toBe(true);
});

test('I1: rollback keeps the target for as long as its hold-off, however long that is', async () => {
  const w = await followed();
  await w.provider.disable({ target: 'orders-app', keyId: w.handMade.keyId, mark: w.mark(w.firstVersion) });
  const sweep = { provider: 'apigee', target: 'orders-app', holder: 'the sweep', durationMs: 1000 };
  const taken: boolean[] = [];
  const check: typeof w.provider.check = async (request) => {
    taken.push(await takeLease(w.ledger, { ...sweep, now: w.clock.now() }));
    return w.provider.check(request);
  };
  const watched = underPolicy({ ...w, provider: { ...w.provider, check } }, { holdOff: day / 4 });

  const { code } = await keyturn(watched, 'rollback', 'orders/apigee', '--yes');

  expect(code).toBe(0);
  expect(taken).toEqual([false, false]);
});

test('rotate --wait takes a description that is older than the start for no end', async () => {
  const w = await world();
  let looks = 0;
  const describe: typeof w.secrets.describe = async (id) => {
    looks += 1;
    const description = await w.secrets.describe(id);
    return looks === 2 ? { ...description, stages: new Map() } : description;
  };

  const { answer } = await keyturn(
    { ...w, secrets: { ...w.secrets, describe } },
    'rotate',
    'orders/apigee',
    '--wait',
    '--timeout',
    '5',
    '--json',
  );

  expect(answer).toMatchObject({ outcome: 'pending' });
});

test('plan says that an empty secret needs the entitlements of its first key', async () => {
  const w = await world();
  await w.paste('{"key":"","secret":""}');

  const { answer } = await keyturn(w, 'plan', 'orders/apigee', '--json');

  expect(answer).toMatchObject({ ok: false, wouldBeRefused: [{ field: 'policies.standard.entitlements' }] });
});

test.each([
  ['still-accepted', ['version one cannot be retired: still-accepted']],
  ['observe-only', []],
  ['not-approved', []],
  ['still-read', []],
  ['still-used', []],
  ['not-adopted', []],
])('status counts a key that is held because of %s as %j', async (reason, problems) => {
  const w = await world();
  const rowOf = await retiring(w, 'one');
  const { value, rev } = await rowOf('one');
  await writeSuperseded(w.ledger, { ...value, held: { reason, since: w.clock.now(), overMaxGrace: false } }, rev);

  const { answer } = await keyturn(w, 'status', '--json');

  expect(answer).toMatchObject({ secrets: [{ problems }] });
});

test('status says that subscribers were not told yet, and that another function rotates a secret', async () => {
  const w = await world();
  await pasted(w);
  await keyturn(w, 'adopt', 'billing/apigee', ...picks, '--yes');
  const { arn } = await w.secrets.describe('billing/apigee');
  const row = (await readAnnouncement(w.ledger, arn))!;
  await w.ledger.write(announcementKey(arn), { ...row.value, n: row.value.n + 1 }, row.rev);
  const describe: typeof w.secrets.describe = async (id) => {
    const description = await w.secrets.describe(id);
    return { ...description, rotation: { ...description.rotation, lambdaArn: `${w.handlerArn}-of-somebody` } };
  };

  const { answer } = await keyturn({ ...w, secrets: { ...w.secrets, describe } }, 'status', 'billing/apigee', '--json');

  expect(answer).toMatchObject({
    ok: false,
    secrets: [
      { problems: ['it is rotated by another function', 'subscribers were not told of the current version yet'] },
    ],
  });
});

test('status says that a rotation failed since the current key came, and does not list live versions as retiring', async () => {
  const w = await world();
  await noteSuperseded(w.ledger, {
    secretArn: w.arn,
    versionId: w.firstVersion,
    provider: 'apigee',
    target: 'orders-app',
    kind: 'superseded',
    n: 1,
    supersededAt: w.clock.now(),
    supersededBy: 'b',
    correlationId: 'c',
    dueAt: w.clock.now() + day,
  });
  await w.ledger.write(failureKey(w.arn, 'token-1'), { token: 'token-1', at: w.clock.now(), what: 'told' }, 0);

  const { code, answer } = await keyturn(w, 'status', '--json');

  expect(code).toBe(1);
  expect(answer).toMatchObject({
    secrets: [{ retiring: [], problems: [expect.stringContaining('rotation token-1 failed')] }],
  });
});

test('approve leaves a version alone that is current again', async () => {
  const w = await world();
  await noteSuperseded(w.ledger, {
    secretArn: w.arn,
    versionId: w.firstVersion,
    provider: 'apigee',
    target: 'orders-app',
    kind: 'superseded',
    n: 1,
    supersededAt: w.clock.now(),
    supersededBy: 'b',
    correlationId: 'c',
    dueAt: w.clock.now() + day,
  });

  const { code, text } = await keyturn(w, 'approve', 'orders/apigee');

  expect(code).toBe(1);
  expect(text).toContain('has no old key that waits');
  expect((await readSuperseded(w.ledger, supersededKey(w.arn, w.firstVersion)))?.value.approvedAt).toBeNull();
});

test.each([[['polish', '--json']], [['status', '--colour', '--json']]])('%j answers in JSON', async (words) => {
  const { code, answer } = await keyturn(await world(), ...words);

  expect(code).toBe(2);
  expect(answer).toMatchObject({ ok: false, reason: 'usage' });
  expect(answer?.['message']).not.toContain('positional');
});

test('a secret that does not exist is said to be missing here, and what to check', async () => {
  const { code, text } = await keyturn(await world(), 'status', 'orders/typo');

  expect(code).toBe(1);
  expect(text).toContain('There is no secret of that name here: check the name, the account and the Region.');
});

test('a wrong call with --json answers in JSON', async () => {
  const { code, answer } = await keyturn(await world(), 'plan', '--json');

  expect(code).toBe(2);
  expect(answer).toMatchObject({ ok: false, reason: 'usage' });
});
