import { readAnnouncement } from '@keyturn/aws/announcement';
import { noteSuperseded, readSuperseded, supersededKey } from '@keyturn/aws/supersession';
import { credential } from '@keyturn/rotation/credential';
import { formatMark, markOf } from '@keyturn/rotation/mark';
import { expect, test } from 'vitest';

import { day, secretText, world, type World } from '../../../test/world.ts';
import { runCommand } from './run-command.ts';

async function keyturn(w: World, ...words: string[]) {
  const lines: string[] = [];
  const answers: Record<string, unknown>[] = [];
  const deps = { ...w.cleanup, secrets: w.secrets, issue: () => w.provider, retire: () => w.provider, fleet: w.fleet };
  const console = {
    line: (text: string) => void lines.push(text),
    note: (text: string) => void lines.push(text),
    json: (answer: Readonly<Record<string, unknown>>) => void answers.push(answer),
  };
  const code = await runCommand(words, () => deps, console);
  return { code, text: lines.join('\n'), answer: answers[0] };
}

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
