import { describe, expect, test } from 'vitest';

import { readSuperseded, supersededKey } from '@keyturn/aws/supersession';
import { readLive } from '@keyturn/cleanup/managed-versions';
import { settleCurrent } from '@keyturn/cleanup/settle-current';
import { parseOutcome, settleRotation } from '@keyturn/cleanup/settle-rotation';
import { sweepDue } from '@keyturn/cleanup/sweep-due';
import { RetirementHeld } from '@keyturn/events/retirement-held';
import { RotationFailed } from '@keyturn/events/rotation-failed';
import { rotateSecret } from '@keyturn/rotation-handler/rotate-secret';
import { parseRotationRequest } from '@keyturn/rotation-handler/rotation-request';
import { credential, type Credential } from '@keyturn/rotation/credential';

import { keyturn } from './keyturn.ts';
import { live, readers, stage } from './played-stage.ts';
import { day, hour, minute, secretText, steps, world, type World } from './world.ts';

const unmarked = (options: Parameters<typeof world>[0] = {}) => world({ lacks: ['mark'], ...options });
const step = (w: World, name: string, token: string) =>
  rotateSecret(
    {
      request: parseRotationRequest({ Step: name, SecretId: w.arn, ClientRequestToken: token }),
      ownArn: w.handlerArn,
      deadline: w.clock.now() + 14 * minute,
    },
    w.rotation,
  );
/** Everything that happened so far was told. */
async function begun(w: World) {
  const s = stage(w);
  await s.deliver();
  return s;
}
const stateOf = (w: World, { keyId }: Credential) => w.keys().get(keyId.reveal()) ?? 'absent';
const failures = (w: World) => w.events('RotationFailed').map((event) => RotationFailed.parse(event).data);
const holds = (w: World) => w.events('RetirementHeld').map((event) => RetirementHeld.parse(event).data);
const watched = (w: World) =>
  settleRotation(
    parseOutcome({ source: 'keyturn', 'detail-type': 'SecretWatched', detail: { secretArn: w.arn } }),
    w.cleanup,
  );

/** Another secret of the same target. */
async function secretBeside(w: World, text: string): Promise<string> {
  const tags = { 'keyturn:provider': 'apigee', 'keyturn:target': 'orders-app' };
  const Tags = Object.entries(tags).map(([Key, Value]) => ({ Key, Value }));
  const { ARN = '' } = await w.model.createSecret({ Name: 'billing/apigee', SecretString: text, Tags });
  return ARN;
}

/** Every value of the secret but the current one is gone, as Secrets Manager drops versions without a label. */
function forgetting(w: World, versionId: string): World {
  const value: typeof w.secrets.value = async (arn, which) =>
    which.versionId === versionId ? undefined : w.secrets.value(arn, which);
  return { ...w, cleanup: { ...w.cleanup, secrets: { ...w.secrets, value } } };
}

test('keys that bear no mark are rotated, and the old ones end after grace and soak', async () => {
  const w = await unmarked();
  const s = await begun(w);
  const check = readers(w, day);
  await s.deliver();

  for (let round = 0; round < 2; round += 1) {
    await s.rotate();
    await s.deliver();
    await check();
    await live(w, 9, check);
  }

  expect([...w.keys()]).toEqual([[(await w.credentialIn()).keyId.reveal(), 'enabled']]);
  expect(w.events('CredentialRetired')).toHaveLength(2);
  expect([...failures(w), ...holds(w)]).toEqual([]);
});

test('a key of which the provider does not tell the secret is not rotated: nothing would prove whose it is', async () => {
  const w = await unmarked({ tellsSecret: false });

  await expect(step(w, 'createSecret', await w.begin())).rejects.toMatchObject({ reason: 'not-yours' });

  expect([...w.keys().values()]).toEqual(['enabled']);
});

test('a key that the provider chooses and cannot mark is refused, as nobody would find one that got lost', async () => {
  const w = await unmarked({ mode: 'generated' });

  await expect(step(w, 'createSecret', await w.begin())).rejects.toMatchObject({
    reason: 'unsupported',
    field: 'mark',
  });

  expect([...w.keys().values()]).toEqual(['enabled']);
});

describe('I10: two secrets that hold one key', () => {
  test.each(['createSecret', 'setSecret'])('%s is refused, names the other one, and makes nothing', async (name) => {
    const w = await unmarked();
    const token = await w.begin();
    if (name === 'setSecret') await step(w, 'createSecret', token);
    await secretBeside(w, secretText(w.handMade));

    await expect(step(w, name, token)).rejects.toMatchObject({ reason: 'shared-key', field: 'billing/apigee' });

    expect([...w.keys().values()]).toEqual(['enabled']);
  });

  test('the key of neither ends, though the second one was made after the rotation of the first', async () => {
    const w = await unmarked();
    const s = await begun(w);
    await s.rotate();
    await s.deliver();
    await secretBeside(w, secretText(w.handMade));

    await live(w, 9, async () => {});

    expect(stateOf(w, w.handMade)).toBe('enabled');
    expect(holds(w)[0]).toMatchObject({ reason: 'shared-key', step: 'disable' });
  });

  test('one that is being deleted keeps the key, as nobody can look into it', async () => {
    const w = await unmarked();
    const s = await begun(w);
    await s.rotate();
    await s.deliver();
    await w.model.deleteSecret({ SecretId: await secretBeside(w, '{"key":"a","secret":"b"}') });

    await live(w, 2, async () => {});

    expect(stateOf(w, w.handMade)).toBe('enabled');
    expect(holds(w)[0]).toMatchObject({ reason: 'shared-key' });
  });

  test('adopt and plan refuse it too', async () => {
    const w = await unmarked();
    await secretBeside(w, secretText(w.handMade));

    const adopted = await keyturn(w, 'adopt', 'orders/apigee', ...picked, '--yes');
    const planned = await keyturn(w, 'plan', 'orders/apigee');

    expect([adopted.code, adopted.text]).toEqual([1, expect.stringContaining('billing/apigee')]);
    expect([planned.code, planned.text]).toEqual([1, expect.stringContaining('billing/apigee')]);
  });
});

const picked = ['--provider', 'apigee', '--policy', 'standard', '--shape', 'pair', '--owner', 'orders'];

test('adopt marks nothing, says so, and attaches the schedule', async () => {
  const w = await unmarked();

  const planned = await keyturn(w, 'adopt', 'orders/apigee', ...picked);
  const adopted = await keyturn(w, 'adopt', 'orders/apigee', ...picked, '--yes');

  expect([planned.code, adopted.code]).toEqual([0, 0]);
  expect(planned.text).not.toContain('mark');
  expect(w.events('SecretAdopted')).toHaveLength(1);
});

describe('what is not ours', () => {
  test('a stranger’s key that was pasted with another secret is left alone', async () => {
    const w = await unmarked();
    const s = await begun(w);
    const theirs = w.provider.handMade({ target: 'orders-app' });
    const wrong = await w.paste(credential(theirs.keyId.reveal(), 'not-its-secret'));
    await s.deliver();
    await w.secrets.moveCurrent({ arn: w.arn, from: wrong, to: w.firstVersion });
    await s.deliver();

    await live(w, 9, async () => {});

    expect(stateOf(w, theirs)).toBe('enabled');
  });

  test('no key is claimed because it is in the list: one that nobody wrote into the secret stays, whatever is forgotten', async () => {
    const w = await unmarked();
    const s = await begun(w);
    const theirs = w.provider.handMade({ target: 'orders-app' });
    await s.rotate();
    await s.deliver();
    await live(w, 9, async () => {});

    for (let hours = 0; hours < 72; hours += 1) {
      w.pass(hour);
      await watched(w);
      await sweepDue(w.clock.now() + 15 * minute, w.cleanup);
    }

    expect(stateOf(w, theirs)).toBe('enabled');
    expect(stateOf(w, w.handMade)).toBe('absent');
  });

  test('a key whose version is gone is told, and not touched', async () => {
    const w = await unmarked();
    const s = await begun(w);
    await s.rotate();
    await s.deliver();

    await live(forgetting(w, w.firstVersion), 9, async () => {});

    expect(stateOf(w, w.handMade)).toBe('enabled');
    expect(holds(w)).toMatchObject([
      { reason: 'not-yours', versionId: w.firstVersion, step: 'disable' },
      ...holds(w).slice(1),
    ]);
  });

  test('it is no longer told once somebody has deleted that key by hand', async () => {
    const w = await unmarked();
    const s = await begun(w);
    await s.rotate();
    await s.deliver();
    const forgetful = forgetting(w, w.firstVersion);
    await live(forgetful, 2, async () => {});
    w.provider.hand.remove(w.handMade.keyId.reveal());

    await live(forgetful, 1, async () => {});

    const row = await readSuperseded(w.ledger, supersededKey(w.arn, w.firstVersion));
    expect(row?.value).toMatchObject({ stage: 'retired', dueAt: null });
  });
});

describe('what was forgotten is found by the values of versions', () => {
  test('I3: a key whose row was lost ends after another grace', async () => {
    const w = await unmarked();
    const s = await begun(w);
    await s.rotate();
    await s.deliver();
    const row = await readSuperseded(w.ledger, supersededKey(w.arn, w.firstVersion));
    await w.ledger.remove(supersededKey(w.arn, w.firstVersion), row?.rev ?? 0);

    await watched(w);
    const found = await readSuperseded(w.ledger, supersededKey(w.arn, w.firstVersion));
    await live(w, 9, async () => {});

    expect(found?.value).toMatchObject({ kind: 'superseded', stage: 'grace' });
    expect(stateOf(w, w.handMade)).toBe('absent');
  });

  test.each([
    ['a version that is over is not read where each listed key is accounted for', false],
    ['a version of an open row is not read, which would hide who else reads it', true],
  ])('%s', async (_, beside) => {
    const w = await unmarked();
    const s = await begun(w);
    await s.rotate();
    await s.deliver();
    if (beside) {
      w.provider.handMade({ target: 'orders-app' });
    } else {
      await live(w, 9, async () => {});
      await s.rotate();
      await s.deliver();
    }
    const read: unknown[] = [];
    const value: typeof w.secrets.value = async (arn, which) => {
      read.push(which.versionId);
      return w.secrets.value(arn, which);
    };

    await watched({ ...w, cleanup: { ...w.cleanup, secrets: { ...w.secrets, value } } });

    expect(read).not.toContain(w.firstVersion);
  });
});

test('I1: rolled back to a key that was switched off, the secret gets it back on', async () => {
  const w = await unmarked();
  const s = await begun(w);
  const token = await s.rotate();
  await s.deliver();
  await live(w, 2, async () => {});
  expect(stateOf(w, w.handMade)).toBe('disabled');
  await w.secrets.moveCurrent({ arn: w.arn, from: token, to: w.firstVersion });

  const restored = await settleCurrent(await readLive(w.arn, w.cleanup), w.cleanup);

  expect(restored).toBe(true);
  expect(stateOf(w, w.handMade)).toBe('enabled');
});

test('a key id that is off and stands beside another secret is not switched on', async () => {
  const w = await unmarked();
  const theirs = w.provider.handMade({ target: 'orders-app', disabled: true });
  await w.paste(credential(theirs.keyId.reveal(), 'not-its-secret'));

  expect(await settleCurrent(await readLive(w.arn, w.cleanup), w.cleanup)).toBe(false);
  expect(stateOf(w, theirs)).toBe('disabled');
});

test('I3: a copy of the old value that somebody made pending does not become current, and is cleared', async () => {
  const w = await unmarked();
  const s = await begun(w);
  const first = await s.rotate();
  await s.deliver();
  const token = await w.begin();
  const SecretString = secretText(w.handMade);
  await w.model.putSecretValue({
    SecretId: w.arn,
    ClientRequestToken: token,
    SecretString,
    VersionStages: ['AWSPENDING'],
  });

  await expect(step(w, 'setSecret', token)).rejects.toMatchObject({ reason: 'key-conflict', field: 'AWSPENDING' });
  await s.deliver();

  expect(await w.labels(token)).not.toContain('AWSPENDING');
  expect(await w.labels(first)).toContain('AWSCURRENT');
  await live(w, 9, async () => {});
  expect(stateOf(w, w.handMade)).toBe('absent');
});

test('I3: the key of a rotation that was given up ends by the value of its version', async () => {
  const w = await unmarked();
  await begun(w);
  const token = await w.begin();
  for (const name of steps.slice(0, 2)) await step(w, name, token);
  const made = await w.credentialIn(token);
  await w.secrets.dropPending({ arn: w.arn, versionId: token });
  w.model.rotations.ended({ arn: w.arn, token, succeeded: false });

  await watched(w);
  await live(w, 9, async () => {});

  expect(stateOf(w, made)).toBe('absent');
  expect(stateOf(w, w.handMade)).toBe('enabled');
});
