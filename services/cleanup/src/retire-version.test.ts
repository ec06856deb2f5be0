import { giveLeaseBack, takeLease } from '@keyturn/aws/lease';
import {
  lookAgain,
  noteSuperseded,
  readSuperseded,
  supersededKey,
  writeSuperseded,
  type Superseded,
} from '@keyturn/aws/supersession';
import type { Credential } from '@keyturn/rotation/credential';
import { PermanentError, TransientError } from '@keyturn/rotation/errors';
import { formatMark, markOf } from '@keyturn/rotation/mark';
import { expect, test } from 'vitest';

import { day, hour, minute, secretText, world, type World } from '../../../test/world.ts';
import { retireVersion } from './retire-version.ts';
import { sweepDue } from './sweep-due.ts';

const margin = 10 * minute;
const week = 7 * day;

/** A world in which the hand-made key was superseded by another one just now, and noted. */
async function superseded(options: Parameters<typeof world>[0] = {}) {
  const w = await world(options);
  await w.provider.mark({ target: 'orders-app', keyId: w.handMade.keyId, mark: w.mark(w.firstVersion) });
  const next = w.provider.handMade({ target: 'orders-app' });
  const versionId = await w.paste(next);
  await w.provider.mark({ target: 'orders-app', keyId: next.keyId, mark: w.mark(versionId) });
  await note(w, w.firstVersion);
  return { ...w, next, versionId };
}

function note(w: World, versionId: string, change: Partial<Superseded> = {}) {
  return noteSuperseded(w.ledger, {
    secretArn: w.arn,
    versionId,
    provider: 'apigee',
    target: 'orders-app',
    kind: 'superseded',
    n: 1,
    supersededAt: w.clock.now(),
    supersededBy: 'b',
    correlationId: 'c',
    ...change,
    dueAt: w.clock.now() + day + margin,
  });
}

async function sweep(w: World, deps: Partial<World['cleanup']> = {}) {
  await w.seen();
  return sweepDue(w.clock.now() + 15 * minute, { ...w.cleanup, ...deps });
}

const rowOf = async (w: World, versionId = w.firstVersion) =>
  (await readSuperseded(w.ledger, supersededKey(w.arn, versionId)))?.value;

const types = (w: World) => w.events().map((event) => event['detail-type']);
const stateOf = (w: World, { keyId }: Credential) => w.keys().get(keyId.reveal()) ?? 'absent';

test('disables after the grace and its margin, deletes after the soak, and tells both', async () => {
  const w = await superseded();

  w.pass(day + margin);
  await sweep(w);
  const afterGrace = stateOf(w, w.handMade);
  w.pass(week);
  await sweep(w);

  expect(afterGrace).toBe('disabled');
  expect(stateOf(w, w.handMade)).toBe('absent');
  expect(stateOf(w, w.next)).toBe('enabled');
  expect(types(w)).toEqual(['CredentialDisabled', 'CredentialRetired']);
  expect(await rowOf(w)).toMatchObject({ stage: 'retired', dueAt: null });
});

test('I2, I7: a key is not touched a millisecond before its grace and margin are over', async () => {
  const w = await superseded();
  await note(w, w.firstVersion, { n: 2 });
  const row = await readSuperseded(w.ledger, supersededKey(w.arn, w.firstVersion));
  await w.ledger.write(supersededKey(w.arn, w.firstVersion), { ...row?.value, dueAt: 0 }, row?.rev ?? 0, 0);

  w.pass(day + margin - 1);
  await sweep(w);

  expect(stateOf(w, w.handMade)).toBe('enabled');
  expect((await rowOf(w))?.dueAt).toBe(w.clock.now() + 1);
});

test('I7: a version that is current again is never touched, and gets a whole grace when it is superseded once more', async () => {
  const w = await superseded();
  await w.secrets.moveCurrent({ arn: w.arn, from: w.versionId, to: w.firstVersion });

  w.pass(day + margin);
  await sweep(w);

  expect(stateOf(w, w.handMade)).toBe('enabled');
  expect((await rowOf(w))?.dueAt).toBe(w.clock.now() + day + margin);
});

test('I7: a pending version is never touched', async () => {
  const w = await superseded();
  await w.model.updateSecretVersionStage({
    SecretId: w.arn,
    VersionStage: 'AWSPENDING',
    MoveToVersionId: w.firstVersion,
  });

  w.pass(day + margin);
  await sweep(w);

  expect(stateOf(w, w.handMade)).toBe('enabled');
});

test('I7: a key that is current under another version id is never touched', async () => {
  const w = await superseded();
  await w.paste(`${secretText(w.handMade)} `);

  w.pass(day + margin);
  await sweep(w);

  expect(stateOf(w, w.handMade)).toBe('enabled');
});

test('I7: a key that is pending under another version id is never touched', async () => {
  const w = await superseded();
  await w.model.putSecretValue({
    SecretId: w.arn,
    SecretString: secretText(w.handMade),
    VersionStages: ['AWSPENDING'],
  });

  w.pass(day + margin);
  await sweep(w);

  expect(stateOf(w, w.handMade)).toBe('enabled');
});

test.each([
  ['no mark', undefined, 'not-yours'],
  [
    "another installation's mark",
    formatMark(markOf('arn:aws:secretsmanager:us-east-1:123456789012:secret:b-AbCdEf', 'v1', 'test')),
    'not-yours',
  ],
])('I7: a key with %s is held and its owner told once', async (_, mark, reason) => {
  const w = await world();
  const old = w.provider.handMade({ target: 'orders-app', ...(mark === undefined ? {} : { mark }) });
  const versionId = await w.paste(old);
  await w.paste(w.handMade);
  await note(w, versionId);

  for (let sweeps = 0; sweeps < 3; sweeps += 1) {
    w.pass(day + margin);
    await sweep(w);
  }

  expect(stateOf(w, old)).toBe('enabled');
  expect(w.events('RetirementHeld')).toMatchObject([{ detail: { data: { versionId, reason } } }]);
});

test("I7: the key of another secret, pasted here and taken back, is that secret's to retire: nothing is touched or told", async () => {
  const w = await world();
  const mark = formatMark(markOf('arn:aws:secretsmanager:eu-central-1:123456789012:secret:b-AbCdEf', 'v1', 'test'));
  const theirs = w.provider.handMade({ target: 'orders-app', mark });
  const versionId = await w.paste(theirs);
  await w.paste(w.handMade);
  await note(w, versionId);

  w.pass(day + margin);
  await sweep(w);

  expect(stateOf(w, theirs)).toBe('enabled');
  expect(types(w)).toEqual(['CredentialAdopted']);
  expect(await rowOf(w, versionId)).toMatchObject({ stage: 'retired', dueAt: null });
});

test('an orphan waits for its minimum age, and its end is told as such', async () => {
  const w = await superseded();
  const orphan = w.provider.handMade({ target: 'orders-app', mark: w.mark('orphan') });
  const { VersionId: versionId = '' } = await w.model.putSecretValue({
    SecretId: w.arn,
    SecretString: secretText(orphan),
    VersionStages: ['x'],
  });
  await w.provider.mark({ target: 'orders-app', keyId: orphan.keyId, mark: w.mark(versionId) });
  await noteSuperseded(w.ledger, {
    secretArn: w.arn,
    versionId,
    provider: 'apigee',
    target: 'orders-app',
    kind: 'orphan',
    n: -1,
    supersededAt: w.clock.now(),
    supersededBy: 'b',
    correlationId: 'c',
    dueAt: w.clock.now(),
  });

  w.pass(hour + margin - 1);
  await sweep(w);
  const young = stateOf(w, orphan);
  w.pass(1);
  await sweep(w);
  const disabled = stateOf(w, orphan);
  w.pass(week);
  await sweep(w);

  expect([young, disabled, stateOf(w, orphan)]).toEqual(['enabled', 'disabled', 'absent']);
  const told = w.events().filter(({ detail }) => detail.data['versionId'] === versionId);
  expect(told.map((event) => event['detail-type'])).toEqual(['OrphanReaped']);
});

test('nothing is disabled while the current key is refused', async () => {
  const w = await superseded();
  await w.paste(w.provider.handMade({ target: 'orders-app', disabled: true }));

  w.pass(day + margin);
  await sweep(w);

  expect(stateOf(w, w.handMade)).toBe('enabled');
  expect(w.events('RetirementHeld')).toMatchObject([{ detail: { data: { reason: 'key-rejected' } } }]);
});

test('a current key of ours that is found off is switched on before anything else', async () => {
  const w = await superseded();
  await w.provider.disable({ target: 'orders-app', keyId: w.next.keyId, mark: w.mark(w.versionId) });

  w.pass(day + margin);
  await sweep(w);

  expect(stateOf(w, w.next)).toBe('enabled');
  expect(stateOf(w, w.handMade)).toBe('enabled');
  expect(types(w)).toEqual(['CredentialRestored']);
});

test('I8: a key that becomes current while it is being disabled is switched on again', async () => {
  const w = await superseded();
  const disable: typeof w.provider.disable = async (request) => {
    await w.provider.disable(request);
    await w.secrets.moveCurrent({ arn: w.arn, from: w.versionId, to: w.firstVersion });
  };

  w.pass(day + margin);
  await sweep(w, { retire: () => ({ ...w.provider, disable }) });

  expect(stateOf(w, w.handMade)).toBe('enabled');
  expect((await rowOf(w))?.stage).toBe('grace');
});

test('I8: a key that nobody can tell to be current or not, because the secret was deleted while it was being disabled, stays on', async () => {
  const w = await superseded();
  const disable: typeof w.provider.disable = async (request) => {
    await w.provider.disable(request);
    await w.secrets.moveCurrent({ arn: w.arn, from: w.versionId, to: w.firstVersion });
    await w.model.deleteSecret({ SecretId: w.arn });
  };

  w.pass(day + margin);
  await sweep(w, { retire: () => ({ ...w.provider, disable }) });

  expect(stateOf(w, w.handMade)).toBe('enabled');
  expect(types(w)).toEqual(['RetirementHeld']);
});

test('I2: a key that was current for a moment while it was being disabled is switched on again, though every message is lost', async () => {
  const w = await superseded();
  const disable: typeof w.provider.disable = async (request) => {
    await w.provider.disable(request);
    w.pass(1);
    await w.secrets.moveCurrent({ arn: w.arn, from: w.versionId, to: w.firstVersion });
    await w.secrets.moveCurrent({ arn: w.arn, from: w.firstVersion, to: w.versionId });
  };

  w.pass(day + margin);
  await sweep(w, { retire: () => ({ ...w.provider, disable }) });

  expect(stateOf(w, w.handMade)).toBe('enabled');
  expect(types(w)).toEqual([]);
});

test('I2: a key whose row the ledger loses while it is being disabled is switched on again, and nothing is told', async () => {
  const w = await superseded();
  const disable: typeof w.provider.disable = async (request) => {
    await w.provider.disable(request);
    const key = supersededKey(w.arn, w.firstVersion);
    await w.ledger.remove(key, (await readSuperseded(w.ledger, key))?.rev ?? 0);
  };

  w.pass(day + margin);
  await sweep(w, { retire: () => ({ ...w.provider, disable }) });

  expect(stateOf(w, w.handMade)).toBe('enabled');
  expect(types(w)).toEqual([]);
});

test('I8: during the grace the old key works at once when AWSCURRENT goes back, with no call to the provider', async () => {
  const w = await superseded();

  w.pass(day + margin - 1);
  await sweep(w);
  await w.secrets.moveCurrent({ arn: w.arn, from: w.versionId, to: w.firstVersion });

  expect(w.provider.acceptedBy(await w.credentialIn())).toEqual([true, true, true]);
});

test('back to current in the soak: the key is switched on by the next sweep, whatever is due when, and never deleted', async () => {
  const w = await superseded();
  w.pass(day + margin);
  await sweep(w);
  await w.secrets.moveCurrent({ arn: w.arn, from: w.versionId, to: w.firstVersion });
  await lookAgain(w.ledger, w.arn, w.firstVersion);

  await sweep(w);
  const restored = stateOf(w, w.handMade);
  w.pass(15 * minute);
  await sweep(w);
  w.pass(week);
  await sweep(w);

  expect([restored, stateOf(w, w.handMade)]).toEqual(['enabled', 'enabled']);
  expect((await rowOf(w))?.stage).toBe('grace');
});

test('I1: a rollback just before a disable whose answer is lost is made good within a quarter of an hour', async () => {
  const w = await superseded();
  const disable: typeof w.provider.disable = async (request) => {
    await w.secrets.moveCurrent({ arn: w.arn, from: w.versionId, to: w.firstVersion });
    await w.provider.disable(request);
    throw new TransientError('the answer was lost');
  };
  w.pass(day + margin);
  await sweep(w, { retire: () => ({ ...w.provider, disable }) });

  w.pass(15 * minute);
  await sweep(w);

  expect(stateOf(w, w.handMade)).toBe('enabled');
});

test('I1: a current key that is off is switched on even where nobody approved the retirement', async () => {
  const w = await superseded({ tags: { 'keyturn:policy': 'approved' } });
  await w.provider.disable({ target: 'orders-app', keyId: w.next.keyId, mark: w.mark(w.versionId) });

  w.pass(day + margin);
  await sweep(w);

  expect(stateOf(w, w.next)).toBe('enabled');
});

test('I2: a key that was current under two version ids lives until the later grace is over', async () => {
  const w = await superseded();
  w.pass(20 * hour);
  const again = await w.paste(`${secretText(w.handMade)} `);
  w.pass(hour);
  await w.paste(secretText(w.next));
  await note(w, again, { n: 3 });
  const end = w.clock.now() + day + margin;

  w.pass(3 * hour + margin);
  await sweep(w);
  const inGrace = stateOf(w, w.handMade);
  w.pass(end - w.clock.now());
  await sweep(w);

  expect([inGrace, stateOf(w, w.handMade)]).toEqual(['enabled', 'disabled']);
});

test('a key is retired where it is, not where the tags point by now', async () => {
  const w = await superseded();
  const moved = w.provider.handMade({ target: 'other-app' });
  await w.secrets.tag(w.arn, { 'keyturn:target': 'other-app' });
  await w.paste(moved);

  w.pass(day + margin);
  await sweep(w);

  expect(stateOf(w, w.handMade)).toBe('disabled');
});

test('versions that cannot be dealt with do not keep the others waiting', async () => {
  const w = await superseded();
  for (let number = 0; number < 100; number += 1) {
    await note(w, `stuck-${number}`, { target: 'gone-app', supersededAt: w.clock.now() - day });
  }
  const list: typeof w.provider.list = async (request) => {
    if (request.target === 'gone-app') throw new TransientError('timeout');
    return w.provider.list(request);
  };
  const issue = () => ({ ...w.provider, list });

  w.pass(day + margin);
  await sweep(w, { issue });
  await sweep(w, { issue });

  expect(stateOf(w, w.handMade)).toBe('disabled');
});

test('I2: what is called an orphan and holds the previous key gets a whole grace', async () => {
  const w = await superseded();
  const { VersionId: copy = '' } = await w.model.putSecretValue({
    SecretId: w.arn,
    SecretString: secretText(w.handMade),
    VersionStages: ['x'],
  });
  await note(w, copy, { kind: 'orphan', n: -1 });
  await w.ledger.remove(
    supersededKey(w.arn, w.firstVersion),
    (await readSuperseded(w.ledger, supersededKey(w.arn, w.firstVersion)))?.rev ?? 0,
  );

  w.pass(day + margin);
  await sweep(w);

  expect(stateOf(w, w.handMade)).toBe('enabled');
});

test('an orphan that holds the previous key does not keep it, whichever of the two is looked at first', async () => {
  const w = await superseded();
  const { VersionId: copy = '' } = await w.model.putSecretValue({
    SecretId: w.arn,
    SecretString: secretText(w.handMade),
    VersionStages: ['x'],
  });
  await note(w, copy, { kind: 'orphan', n: -1 });
  const due = async (now: number, limit: number) => {
    const keys = await w.ledger.due(now, limit);
    return keys.toSorted((a, b) => Number(b.row.endsWith(copy)) - Number(a.row.endsWith(copy)));
  };

  for (let days = 0; days < 3; days += 1) {
    w.pass(day + margin);
    await sweep(w, { ledger: { ...w.ledger, due } });
  }

  expect(stateOf(w, w.handMade)).toBe('disabled');
});

test('a key that no probe asked about is not deleted', async () => {
  const w = await superseded();
  w.pass(day + margin);
  await sweep(w);
  const check: typeof w.provider.check = async (request) => {
    const result = await w.provider.check(request);
    const isOld = request.credential.keyId.reveal() === w.handMade.keyId.reveal();
    return isOld ? { ...result, use: { outcome: 'no-probe' } } : result;
  };

  w.pass(week);
  await sweep(w, { issue: () => ({ ...w.provider, check }) });

  expect(stateOf(w, w.handMade)).toBe('disabled');
  expect(w.events('RetirementHeld')).toMatchObject([{ detail: { data: { reason: 'misconfigured' } } }]);
});

test('an orphan whose key never existed ends in silence', async () => {
  const w = await superseded();
  await note(w, 'never-made', { kind: 'orphan', n: -1 });

  w.pass(day + margin);
  await sweep(w);

  expect(await rowOf(w, 'never-made')).toMatchObject({ stage: 'retired' });
  expect(types(w)).toEqual(['CredentialDisabled']);
});

test('a key that somebody switched on again during the soak gets another grace, and the owner is told', async () => {
  const w = await superseded();
  w.pass(day + margin);
  await sweep(w);
  await w.provider.enable({ target: 'orders-app', keyId: w.handMade.keyId, mark: w.mark(w.firstVersion) });

  w.pass(week);
  await sweep(w);

  expect(stateOf(w, w.handMade)).toBe('enabled');
  expect(w.events('RetirementHeld')).toMatchObject([{ detail: { data: { reason: 're-enabled' } } }]);
  expect((await rowOf(w))?.dueAt).toBe(w.clock.now() + day + margin);
});

test('a key that is accepted although it is off is not deleted', async () => {
  const w = await superseded();
  w.pass(day + margin);
  await sweep(w);
  w.provider.acceptAnything();

  w.pass(week);
  await sweep(w);

  expect(stateOf(w, w.handMade)).toBe('disabled');
  expect(w.events('RetirementHeld')).toMatchObject([{ detail: { data: { reason: 'still-accepted' } } }]);
});

test('the pause flag stops the disabling and the delete, and what was due is done after it', async () => {
  const w = await superseded();
  await w.fleet.set('paused');
  w.pass(day + margin);
  await sweep(w);
  const pausedBefore = stateOf(w, w.handMade);
  await w.fleet.set('running');
  await sweep(w);
  await w.fleet.set('paused');
  w.pass(week);
  await sweep(w);
  const pausedAfter = stateOf(w, w.handMade);

  await w.fleet.set('running');
  await sweep(w);

  expect([pausedBefore, pausedAfter, stateOf(w, w.handMade)]).toEqual(['enabled', 'disabled', 'absent']);
});

test.each([
  ['observed', 'observe-only'],
  ['approved', 'not-approved'],
])('policy %s holds a due key and tells it once', async (policy, reason) => {
  const w = await superseded({ tags: { 'keyturn:policy': policy } });

  w.pass(day + margin);
  await sweep(w);
  w.pass(day);
  await sweep(w);

  expect(stateOf(w, w.handMade)).toBe('enabled');
  expect(w.events('RetirementHeld')).toMatchObject([{ detail: { data: { reason } } }]);
});

test('a secret that is being deleted stops everything and is told', async () => {
  const w = await superseded();
  await w.model.deleteSecret({ SecretId: w.arn, RecoveryWindowInDays: 7 });

  w.pass(day + margin);
  await sweep(w);

  expect(stateOf(w, w.handMade)).toBe('enabled');
  expect(w.events('RetirementHeld')).toMatchObject([{ detail: { data: { reason: 'secret-deleting' } } }]);
});

test('a secret that is gone stops everything and is told', async () => {
  const w = await superseded();
  await w.model.deleteSecret({ SecretId: w.arn, ForceDeleteWithoutRecovery: true });

  w.pass(day + margin);
  await sweep(w);

  expect(stateOf(w, w.handMade)).toBe('enabled');
  expect(w.events('RetirementHeld')).toMatchObject([{ detail: { data: { reason: 'secret-missing' } } }]);
});

test('the last usable key of a target is never disabled', async () => {
  const w = await superseded();
  const foreign = w.provider.handMade({ target: 'other-app' });
  await w.paste(foreign);
  const issue = { ...w.provider, check: async () => ({ key: enabled, use: { outcome: 'accepted' } as const }) };
  await w.provider.disable({ target: 'orders-app', keyId: w.next.keyId, mark: w.mark(w.versionId) });

  w.pass(day + margin);
  await sweep(w, {
    issue: () => ({
      ...issue,
      check: (request) =>
        request.credential.keyId.reveal() === w.handMade.keyId.reveal() ? w.provider.check(request) : issue.check(),
    }),
  });

  expect(stateOf(w, w.handMade)).toBe('enabled');
  expect(w.events('RetirementHeld')).toMatchObject([{ detail: { data: { reason: 'last-key' } } }]);
});

const enabled = {
  state: 'enabled',
  secretMatches: true,
  mark: undefined,
  entitlements: [],
  issuedAt: undefined,
} as const;

test('a lost answer to the disable or the delete is made good by the next sweep', async () => {
  const w = await superseded();
  w.pass(day + margin);
  w.provider.faults.loseAnswer(1);
  await sweep(w);
  w.pass(15 * minute);
  await sweep(w);
  w.pass(week);
  w.provider.faults.loseAnswer(1);
  await sweep(w);
  w.pass(15 * minute);
  await sweep(w);

  expect(stateOf(w, w.handMade)).toBe('absent');
  expect(await rowOf(w)).toMatchObject({ stage: 'retired' });
  expect(types(w)).toEqual(['CredentialDisabled', 'CredentialRetired']);
});

test('I12: a due version that fails in a way nobody foresaw does not keep the others waiting, and is counted', async () => {
  const w = await superseded();
  const middle = await w.paste(w.provider.handMade({ target: 'orders-app' }));
  await w.paste(w.next);
  const key = await w.credentialIn(middle);
  await w.provider.mark({ target: 'orders-app', keyId: key.keyId, mark: w.mark(middle) });
  await note(w, middle);
  const disable: typeof w.provider.disable = async (request) => {
    if (request.keyId.reveal() === w.handMade.keyId.reveal()) throw new Error('a bug');
    await w.provider.disable(request);
  };

  w.pass(day + margin);
  const sweeping = sweep(w, { retire: () => ({ ...w.provider, disable }) });

  await expect(sweeping).rejects.toThrow(AggregateError);
  expect(stateOf(w, key)).toBe('disabled');
  expect((await rowOf(w))?.stage).toBe('grace');
});

test('while the fleet is paused, a current key that the provider refuses to look at holds nothing and is no bug', async () => {
  const w = await superseded();
  await w.fleet.set('paused');
  const check: typeof w.provider.check = async () => {
    throw new PermanentError('shape-mismatch', 'This is no key id');
  };
  w.pass(day + margin);

  await sweep(w, { issue: () => ({ ...w.provider, check }) });

  expect(stateOf(w, w.handMade)).toBe('enabled');
  expect(await rowOf(w)).toMatchObject({ stage: 'grace', held: null });
  expect(types(w)).toEqual([]);
});

test('two sweeps at the same time disable one key once, and neither delays the other', async () => {
  const w = await superseded();
  w.pass(day + margin);

  await Promise.all([sweep(w), sweep(w)]);

  expect(w.events('CredentialDisabled')).toHaveLength(1);
  expect(await rowOf(w)).toMatchObject({ stage: 'disabled', dueAt: w.clock.now() + week });
});

test('begins nothing that may not end before the function does', async () => {
  const w = await superseded();
  w.pass(day + margin);

  const result = await sweepDue(w.clock.now() + minute, w.cleanup);

  expect(result).toEqual({ looked: 0, left: 1 });
  expect(stateOf(w, w.handMade)).toBe('enabled');
});

test('a version that Secrets Manager has dropped is found by its mark', async () => {
  const w = await superseded();
  const forgetful = {
    ...w.secrets,
    value: async (id: string, which: { versionId?: string; stage?: string }) =>
      which.versionId === w.firstVersion ? undefined : w.secrets.value(id, which),
  };

  w.pass(day + margin);
  await sweep(w, { secrets: forgetful });
  w.pass(week);
  await sweep(w, { secrets: forgetful });

  expect(stateOf(w, w.handMade)).toBe('absent');
});

test('a key that could not be switched on again is never switched off: it is deleted when its grace is over', async () => {
  const w = await superseded();
  const describe = async () => ({ ...(await w.provider.describe()), reversibleDisable: false });
  const disable = () => Promise.reject(new Error('this would be final'));
  const deps = { issue: () => ({ ...w.provider, describe }), retire: () => ({ ...w.provider, disable }) };

  w.pass(day + margin - 1);
  await sweep(w, deps);
  const before = stateOf(w, w.handMade);
  w.pass(1);
  await sweep(w, deps);

  expect([before, stateOf(w, w.handMade)]).toEqual(['enabled', 'absent']);
  expect(types(w)).toEqual(['CredentialRetired']);
});

test.each([
  [
    'AWSCURRENT went back to it',
    (w: World, next: string) => w.secrets.moveCurrent({ arn: w.arn, from: next, to: w.firstVersion }),
  ],
  ['its row was raised', (w: World) => note(w, w.firstVersion, { n: 2 })],
])('I7: a key that would be deleted for good is left where, while it was judged, %s', async (_, change) => {
  const w = await superseded();
  const describe = async () => ({ ...(await w.provider.describe()), reversibleDisable: false });
  const check: typeof w.provider.check = async (request) => {
    if (request.probe === 'credential') {
      w.pass(1);
      await change(w, w.versionId);
    }
    return w.provider.check(request);
  };

  w.pass(day + margin);
  await sweep(w, { issue: () => ({ ...w.provider, describe, check }) });

  expect(stateOf(w, w.handMade)).toBe('enabled');
  expect(await rowOf(w)).toMatchObject({ stage: 'grace' });
});

test.each([
  ['', (w: World) => w.secrets],
  [
    ', though a description may be older',
    (w: World) => {
      const before = w.secrets.describe(w.arn);
      return { ...w.secrets, describe: () => before };
    },
  ],
])(
  'I7: a key that became current while its deletion after the soak was judged is not deleted%s',
  async (_, secretsOf) => {
    const w = await superseded();
    const check: typeof w.provider.check = async (request) => {
      const answer = await w.provider.check(request);
      if (request.probe === 'credential') {
        w.pass(1);
        await w.secrets.moveCurrent({ arn: w.arn, from: w.versionId, to: w.firstVersion });
      }
      return answer;
    };

    w.pass(day + margin);
    await sweep(w);
    w.pass(week);
    await sweep(w, { issue: () => ({ ...w.provider, check }), secrets: secretsOf(w) });

    expect(stateOf(w, w.handMade)).toBe('disabled');
  },
);

test('I8: the row of a disabled key is due after the soak and not before', async () => {
  const w = await superseded();
  w.pass(day + margin);

  await sweep(w);

  expect(await rowOf(w)).toMatchObject({ stage: 'disabled', disabledAt: w.clock.now(), dueAt: w.clock.now() + week });
});

test('I12: a step that could not be told is told by the next sweep', async () => {
  const w = await superseded();
  const bus = { ...w.bus, publish: () => Promise.reject(new TransientError('down')) };
  w.pass(day + margin);
  await sweep(w, { bus });
  w.pass(15 * minute);
  await sweep(w);
  w.pass(week);
  await sweep(w, { bus });

  w.pass(15 * minute);
  await sweep(w);

  expect(types(w)).toEqual(['CredentialDisabled', 'CredentialRetired']);
  expect(stateOf(w, w.handMade)).toBe('absent');
});

test('a key that was switched on again is switched off once more after its new grace, and soaks again', async () => {
  const w = await superseded();
  w.pass(day + margin);
  await sweep(w);
  await w.provider.enable({ target: 'orders-app', keyId: w.handMade.keyId, mark: w.mark(w.firstVersion) });
  w.pass(week);
  await sweep(w);
  const states: string[] = [];

  for (const wait of [day + margin - 1, 1, week - 1, 1]) {
    w.pass(wait);
    await sweep(w);
    states.push(stateOf(w, w.handMade));
  }

  expect(states).toEqual(['enabled', 'disabled', 'disabled', 'absent']);
});

test('where the policy asks the control plane alone, no probe stands in the way of the delete', async () => {
  const w = await superseded();
  const { standard } = w.config.policies;
  if (standard === undefined) throw new Error('no such policy');
  const controlPlane = { ...standard, verification: 'controlPlane', deletion: 'auto' } as const;
  const config = { ...w.config, policies: { ...w.config.policies, standard: controlPlane } };
  w.provider.acceptAnything();

  w.pass(day + margin);
  await sweep(w, { config });
  w.pass(week);
  await sweep(w, { config });

  expect(stateOf(w, w.handMade)).toBe('absent');
});

test('I7: a target stays taken for as long as a sweep can live', async () => {
  const w = await superseded();
  const during: string[] = [];
  const disable: typeof w.provider.disable = async (request) => {
    w.pass(15 * minute);
    await sweep(w);
    during.push(stateOf(w, w.handMade));
    await w.provider.disable(request);
  };

  w.pass(day + margin);
  await sweep(w, { retire: () => ({ ...w.provider, disable }) });

  expect(during).toEqual(['enabled']);
  expect(stateOf(w, w.handMade)).toBe('disabled');
});

test('a pause in the middle of a sweep stops it before the next key', async () => {
  const w = await superseded();
  const middle = await w.paste(w.provider.handMade({ target: 'orders-app' }));
  await w.paste(w.next);
  const key = await w.credentialIn(middle);
  await w.provider.mark({ target: 'orders-app', keyId: key.keyId, mark: w.mark(middle) });
  await note(w, middle);
  const disable: typeof w.provider.disable = async (request) => {
    await w.provider.disable(request);
    await w.fleet.set('paused');
  };

  w.pass(day + margin);
  await sweep(w, { retire: () => ({ ...w.provider, disable }) });

  expect([stateOf(w, w.handMade), stateOf(w, key)].sort()).toEqual(['disabled', 'enabled']);
});

test('a row that is listed as due and is not any more is left alone', async () => {
  const w = await superseded();
  w.pass(day + margin);
  const key = supersededKey(w.arn, w.firstVersion);
  const row = (await readSuperseded(w.ledger, key))!;
  await w.ledger.write(key, { ...row.value, dueAt: w.clock.now() + 1 }, row.rev, 0);

  await retireVersion(row, w.cleanup);

  expect(stateOf(w, w.handMade)).toBe('enabled');
  expect(w.events()).toEqual([]);
});

/** Another secret of ours, whose readers get the key. */
async function given(w: World, key: Credential) {
  const tags = { 'keyturn:provider': 'apigee', 'keyturn:target': 'orders-app' };
  const Tags = Object.entries(tags).map(([Key, Value]) => ({ Key, Value }));
  const { ARN: arn = '' } = await w.model.createSecret({ Name: 'billing/apigee', SecretString: secretText(key), Tags });
  return arn;
}

/** Somebody gives the key to another secret once the fences have looked there: while the current key is used to prove it. */
function givenWhileProven(w: World): typeof w.provider.check {
  return async (request) => {
    if (request.probe === 'credential') await given(w, w.handMade).catch(() => {});
    return w.provider.check(request);
  };
}

test('I1: a key that another secret is given while it is being switched off is switched on again, and held', async () => {
  const w = await superseded();
  const check = givenWhileProven(w);

  w.pass(day + margin);
  await sweep(w, { issue: () => ({ ...w.provider, check }) });
  const after = stateOf(w, w.handMade);
  w.pass(15 * minute);
  await sweep(w);

  expect([after, stateOf(w, w.handMade)]).toEqual(['enabled', 'enabled']);
  expect(types(w)).toEqual(['RetirementHeld']);
  expect((await rowOf(w))?.held?.reason).toBe('shared-key');
});

test('I1: a key that a dead sweep switched off, and that another secret gives its readers, is switched on before it is held', async () => {
  const w = await superseded();
  const dies: typeof w.provider.disable = async (request) => {
    await w.provider.disable(request);
    await given(w, w.handMade);
    throw new TransientError('dead');
  };
  w.pass(day + margin);
  await sweep(w, { retire: () => ({ ...w.provider, disable: dies }) });

  w.pass(15 * minute);
  await sweep(w);

  expect(stateOf(w, w.handMade)).toBe('enabled');
  expect(await rowOf(w)).toMatchObject({ stage: 'grace', held: { reason: 'shared-key' } });
});

test('I1: a key in its soak that another secret was given is switched on when that is found, told once, and ended like any other later', async () => {
  const w = await superseded();
  w.pass(day + margin);
  await sweep(w);
  const arn = await given(w, w.handMade);
  w.pass(week);
  await sweep(w);
  const found = [stateOf(w, w.handMade), (await rowOf(w))?.stage];
  w.pass(hour);
  await sweep(w);
  const told = types(w);

  await w.model.deleteSecret({ SecretId: arn, ForceDeleteWithoutRecovery: true });
  w.pass(hour);
  await sweep(w);
  const again = stateOf(w, w.handMade);
  w.pass(week);
  await sweep(w);

  expect(found).toEqual(['enabled', 'grace']);
  expect(told).toEqual(['CredentialDisabled', 'RetirementHeld']);
  expect([again, stateOf(w, w.handMade)]).toEqual(['disabled', 'absent']);
});

test('I1: a key that another secret is given while it is being deleted stays, and is on', async () => {
  const w = await superseded();
  w.pass(day + margin);
  await sweep(w);
  const check = givenWhileProven(w);

  w.pass(week);
  await sweep(w, { issue: () => ({ ...w.provider, check }) });

  expect(stateOf(w, w.handMade)).toBe('enabled');
  expect((await rowOf(w))?.held?.reason).toBe('shared-key');
});

test('a key in its soak stays off where nobody can tell whether another secret gives it to its readers', async () => {
  const w = await superseded();
  w.pass(day + margin);
  await sweep(w);
  const arn = await given(w, w.handMade);
  const describe: typeof w.secrets.describe = (id) =>
    id === arn ? Promise.reject(new PermanentError('access-denied', 'planted')) : w.secrets.describe(id);
  w.pass(week);

  await sweep(w, { secrets: { ...w.secrets, describe } });

  expect(stateOf(w, w.handMade)).toBe('disabled');
  expect(await rowOf(w)).toMatchObject({ stage: 'disabled', held: { reason: 'shared-key' } });
});

test('I1: a sweep that dies over giving a key back leaves a row by which the next one does, and not one of a person who did', async () => {
  const w = await superseded();
  w.pass(day + margin);
  await sweep(w);
  await given(w, w.handMade);
  w.pass(week);
  const dies: typeof w.provider.enable = async (request) => {
    await w.provider.enable(request);
    throw new TransientError('dead');
  };
  await sweep(w, { retire: () => ({ ...w.provider, enable: dies }) });
  const left = await rowOf(w);

  w.pass(15 * minute);
  await sweep(w);

  expect(left).toMatchObject({ stage: 'grace', mayBeOff: true, disabledAt: null });
  expect(stateOf(w, w.handMade)).toBe('enabled');
  expect(await rowOf(w)).toMatchObject({ stage: 'grace', mayBeOff: false, held: { reason: 'shared-key' } });
});

test('a key that was given back, and that a person revokes, stays revoked', async () => {
  const w = await superseded();
  w.pass(day + margin);
  await sweep(w);
  await given(w, w.handMade);
  for (const ms of [week, hour]) {
    w.pass(ms);
    await sweep(w);
  }
  w.provider.hand.disable(w.handMade.keyId.reveal());

  w.pass(hour);
  await sweep(w);

  expect(stateOf(w, w.handMade)).toBe('disabled');
});

test('a key that nobody of ours may switch on again is held and told all the same', async () => {
  const w = await superseded();
  w.pass(day + margin);
  await sweep(w);
  await given(w, w.handMade);
  w.pass(week);
  const enable = () => Promise.reject(new PermanentError('provider-refused', 'planted'));

  await sweep(w, { retire: () => ({ ...w.provider, enable }) });

  expect(types(w)).toEqual(['CredentialDisabled', 'RetirementHeld']);
  expect(await rowOf(w)).toMatchObject({ mayBeOff: true, held: { reason: 'shared-key' } });
});

test('a held key is looked at again after the time that the configuration says, and each new reason is told', async () => {
  const w = await superseded({ tags: { 'keyturn:policy': 'observed' } });
  w.pass(day + margin);
  await sweep(w);
  const again = (await rowOf(w))?.dueAt;
  await w.model.tagResource({ SecretId: w.arn, Tags: [{ Key: 'keyturn:policy', Value: 'approved' }] });
  const heldAt = w.clock.now();
  w.pass(hour);

  await sweep(w);

  expect(again).toBe(heldAt + hour);
  expect(w.events('RetirementHeld')).toMatchObject([
    { detail: { data: { reason: 'observe-only' } } },
    { detail: { data: { reason: 'not-approved' } } },
  ]);
});

test('a secret that is described as being deleted stops everything, though its value can be read still', async () => {
  const w = await superseded();
  const describe = async (id: string) => ({ ...(await w.secrets.describe(id)), deletedAt: w.clock.now() });

  w.pass(day + margin);
  await sweep(w, { secrets: { ...w.secrets, describe } });

  expect(stateOf(w, w.handMade)).toBe('enabled');
  expect(w.events('RetirementHeld')).toMatchObject([{ detail: { data: { reason: 'secret-deleting' } } }]);
});

test('I8: a key found by its mark alone that is pasted back while it is being disabled is switched on again', async () => {
  const w = await superseded();
  const value: typeof w.secrets.value = async (id, which) =>
    which.versionId === w.firstVersion ? undefined : w.secrets.value(id, which);
  const disable: typeof w.provider.disable = async (request) => {
    await w.provider.disable(request);
    await w.paste(`${secretText(w.handMade)} `);
  };

  w.pass(day + margin);
  await sweep(w, { secrets: { ...w.secrets, value }, retire: () => ({ ...w.provider, disable }) });

  expect(stateOf(w, w.handMade)).toBe('enabled');
  expect((await rowOf(w))?.stage).toBe('grace');
});

test('I7: what a row said before the lease was taken is not believed', async () => {
  const w = await superseded();
  w.pass(day + margin);
  const key = supersededKey(w.arn, w.firstVersion);
  const write: typeof w.ledger.write = async (where, ...row) => {
    if (where.row === 'lease') {
      const { value, rev } = (await readSuperseded(w.ledger, key))!;
      await writeSuperseded(w.ledger, { ...value, dueAt: w.clock.now() + 1 }, rev);
    }
    return w.ledger.write(where, ...row);
  };

  await sweep(w, { ledger: { ...w.ledger, write } });

  expect(stateOf(w, w.handMade)).toBe('enabled');
});

test('a target that somebody else works on is left alone, another one is not, and the row keeps its place', async () => {
  const w = await superseded();
  w.pass(day + margin);
  const lease = { provider: 'apigee', holder: 'somebody', now: w.clock.now(), durationMs: hour };
  await takeLease(w.ledger, { ...lease, target: 'orders-app' });
  const before = await rowOf(w);

  await sweep(w);
  const taken = stateOf(w, w.handMade);
  const kept = await rowOf(w);
  await giveLeaseBack(w.ledger, { ...lease, target: 'orders-app' });
  await takeLease(w.ledger, { ...lease, target: 'other-app' });
  await sweep(w);

  expect([taken, stateOf(w, w.handMade)]).toEqual(['enabled', 'disabled']);
  expect(kept).toEqual(before);
});

test('a key that a person deleted during its grace is told as retired, and nothing is switched off', async () => {
  const w = await superseded();
  await w.provider.remove({ target: 'orders-app', keyId: w.handMade.keyId, mark: w.mark(w.firstVersion) });
  const untouched = () => Promise.reject(new Error('there is nothing to touch'));

  w.pass(day + margin);
  await sweep(w, { retire: () => ({ ...w.provider, disable: untouched, remove: untouched }) });

  expect(types(w)).toEqual(['CredentialRetired']);
  expect(await rowOf(w)).toMatchObject({ stage: 'retired', dueAt: null });
});

test('of an abandoned version whose key was never made nothing is told', async () => {
  const w = await superseded();
  const neverMade = { SecretString: '{"key":"never","secret":"made"}', VersionStages: ['x'] };
  const { VersionId: versionId = '' } = await w.model.putSecretValue({ SecretId: w.arn, ...neverMade });
  await note(w, versionId, { kind: 'orphan', n: -1 });

  w.pass(day + margin);
  await w.seen();
  await retireVersion((await readSuperseded(w.ledger, supersededKey(w.arn, versionId)))!, w.cleanup);

  expect(w.events()).toEqual([]);
  expect(await rowOf(w, versionId)).toMatchObject({ stage: 'retired', dueAt: null });
});

test('I12: what cannot be done now is put off by a quarter of an hour', async () => {
  const w = await superseded();
  w.pass(day + margin);
  w.provider.faults.always('unavailable');

  await sweep(w);

  expect((await rowOf(w))?.dueAt).toBe(w.clock.now() + 15 * minute);
});

test('I8: trouble after a step was taken makes nothing due earlier', async () => {
  const w = await superseded();
  w.pass(day + margin);
  const remove = () => Promise.reject(new TransientError('the lease cannot be given back'));

  await sweep(w, { ledger: { ...w.ledger, remove } });

  expect(await rowOf(w)).toMatchObject({ stage: 'disabled', dueAt: w.clock.now() + week });
});

test('a node that accepts the key still is noticed, whichever it is', async () => {
  const w = await superseded();
  w.pass(day + margin);
  await sweep(w);
  w.pass(week);
  let probes = 0;
  const check: typeof w.provider.check = async (request) => {
    const result = await w.provider.check(request);
    const isOld = request.credential.keyId.reveal() === w.handMade.keyId.reveal();
    if (!isOld || request.probe !== 'credential') return result;
    probes += request.times;
    return probes === 3 && request.times === 1 ? { ...result, use: { outcome: 'accepted' } } : result;
  };

  await sweep(w, { issue: () => ({ ...w.provider, check }) });

  expect(stateOf(w, w.handMade)).toBe('disabled');
  expect(w.events('RetirementHeld')).toMatchObject([{ detail: { data: { reason: 'still-accepted' } } }]);
});

test('a key whose secret cannot be read for so long that every policy would have ended it is told once, to whoever is there to hear it', async () => {
  const w = await superseded();
  const describe = () => Promise.reject(new TransientError('no answer'));
  const deps = { secrets: { ...w.secrets, describe } };
  const longest = day + margin + week;
  w.pass(longest - 1);
  await sweep(w, deps);
  const before = w.events('RetirementHeld').length;

  for (let sweeps = 0; sweeps < 3; sweeps += 1) {
    w.pass(hour);
    await sweep(w, deps);
  }

  expect(before).toBe(0);
  expect(w.events('RetirementHeld')).toMatchObject([
    { detail: { data: { reason: 'unavailable', step: 'disable', secretArn: w.arn, owner: 'unknown' } } },
  ]);
  expect(stateOf(w, w.handMade)).toBe('enabled');
});

test('a key that is off and whose secret cannot be read is told after the soak and the longest patience', async () => {
  const w = await superseded();
  w.pass(day + margin);
  await sweep(w);
  const value = () => Promise.reject(new TransientError('no answer'));
  const deps = { secrets: { ...w.secrets, value } };
  w.pass(2 * week - 1);
  await sweep(w, deps);
  const before = w.events('RetirementHeld').length;

  w.pass(15 * minute);
  await sweep(w, deps);

  expect(before).toBe(0);
  expect(w.events('RetirementHeld')).toMatchObject([
    { detail: { data: { reason: 'unavailable', step: 'delete', owner: 'orders' } } },
  ]);
});

test('a due version that cannot even be put off for a moment stays due, and is nothing that nobody foresaw', async () => {
  const w = await superseded();
  w.pass(day + margin);
  await w.seen();
  const away = () => Promise.reject(new TransientError('The table does not answer'));
  const ledger = { ...w.ledger, read: away };

  const result = await sweepDue(w.clock.now() + 15 * minute, { ...w.cleanup, ledger }).catch((error: Error) => error);
  await sweep(w);

  expect(result).not.toBeInstanceOf(AggregateError);
  expect(stateOf(w, w.handMade)).toBe('disabled');
});
