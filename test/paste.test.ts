import { CredentialAdopted } from '@keyturn/events/credential-adopted';
import { VerificationFailed } from '@keyturn/events/verification-failed';
import { credential, fingerprint, type Credential } from '@keyturn/rotation/credential';
import { formatMark, markOf } from '@keyturn/rotation/mark';
import { expect, test } from 'vitest';

import { keyturn } from './keyturn.ts';
import { consume, live, readers, stage } from './played-stage.ts';
import { day, hour, minute, steps, world, type World } from './world.ts';

/** A secret that Keyturn has adopted, with its hand-made key, and the stage around it. */
async function adopted() {
  const w = await world();
  await w.provider.mark({ target: 'orders-app', keyId: w.handMade.keyId, mark: w.mark(w.firstVersion) });
  const s = stage(w);
  await s.deliver();
  return { w, s, check: readers(w, day) };
}

const alarms = (w: World) =>
  ['VerificationFailed', 'RetirementHeld', 'RotationFailed'].flatMap((type) => w.events(type));
const failed = (w: World) => w.events('VerificationFailed').map((event) => VerificationFailed.parse(event).data);
const stored = (w: World) => w.provider.stored('orders-app');
const idOf = ({ keyId }: Credential) => keyId.reveal();
const stateOf = (w: World, key: Credential) => w.keys().get(idOf(key)) ?? 'absent';

test.each([1, 3])(
  'a right paste is adopted and serves, the key before it ends, and so does it in its turn; each message delivered %i times',
  async (times) => {
    const { w, s, check } = await adopted();
    const key = w.provider.handMade({ target: 'orders-app' });

    const versionId = await w.paste(key);
    await s.deliver(times);
    await live(w, 9, check);
    await s.deliver(times);
    const afterPaste = stored(w);
    await s.rotate(check);
    await s.deliver(times);
    await live(w, 9, check);
    await s.deliver(times);

    expect(afterPaste).toMatchObject([{ keyId: idOf(key), enabled: true, mark: w.mark(versionId) }]);
    expect(stored(w)).toHaveLength(1);
    expect(stateOf(w, key)).toBe('absent');
    expect(alarms(w)).toEqual([]);
    const keys = w.events('CredentialAdopted').map((event) => CredentialAdopted.parse(event).metadata.idempotencyKey);
    expect(new Set(keys)).toEqual(new Set([`${w.arn}#${versionId}#adopted`]));
    expect(s.mails.map(({ subject }) => subject)).toEqual([
      expect.stringContaining('secret changed by hand'),
      expect.stringContaining('key rotated'),
    ]);
  },
);

test('a right paste is adopted by the next look at the secret, if its event was lost', async () => {
  const { w, s, check } = await adopted();
  const key = w.provider.handMade({ target: 'orders-app' });

  const versionId = await w.paste(key);
  await s.deliver(1, 'lost');
  const before = w.events('CredentialAdopted').length;
  await live(w, 9, check);

  expect(before).toBe(0);
  expect(stored(w)).toMatchObject([{ keyId: idOf(key), mark: w.mark(versionId) }]);
  expect(w.events('CredentialAdopted')).toHaveLength(1);
  expect(alarms(w)).toEqual([]);
});

const wrongPastes = [
  ['a typo in the key id', async () => credential('typo', 'typo'), 'not-yours'],
  ['a typo in the secret', async (w: World) => credential(idOf(w.handMade), 'typo'), 'not-yours'],
  ["another app's key", async (w: World) => w.provider.handMade({ target: 'other-app' }), 'not-yours'],
  ['no JSON', async () => 'api_key = 1234', 'shape-mismatch'],
  ['a deleted key', (w: World) => deletedKey(w), 'not-yours'],
  [
    'an unmarked key of the app with a wrong secret',
    async (w: World) => credential(idOf(w.provider.handMade({ target: 'orders-app' })), 'typo'),
    'not-yours',
  ],
] as const;

async function deletedKey(w: World): Promise<Credential> {
  const mark = w.mark('gone');
  const key = w.provider.handMade({ target: 'orders-app', mark });
  await w.provider.disable({ target: 'orders-app', keyId: key.keyId, mark });
  await w.provider.remove({ target: 'orders-app', keyId: key.keyId, mark });
  return key;
}

test.each(wrongPastes)(
  '%s: told once within minutes, the command of the mail ends it, and nothing is left',
  async (_, make, reason) => {
    const { w, s, check } = await adopted();
    const before = stored(w).length;

    await w.paste(await make(w));
    await s.deliver(3);
    const [alarm] = s.mails.slice(-1);
    const command = /keyturn (rollback \S+ --yes)/.exec(alarm?.text ?? '')?.[1] ?? 'none';
    w.pass(10 * minute);
    const { code, text } = await keyturn(w, ...command.split(' '));
    await s.deliver(3);
    await live(w, 20, check);
    await s.deliver(3);

    expect(failed(w)).toMatchObject(failed(w).map(() => ({ reason, live: { versionId: w.firstVersion } })));
    expect(alarm?.text).toContain(`key ${fingerprint(w.handMade.keyId)} of version ${w.firstVersion}`);
    expect([code, text]).toEqual([0, expect.stringContaining('is current again')]);
    expect(stateOf(w, w.handMade)).toBe('enabled');
    expect(stored(w).filter(({ enabled }) => enabled).length).toBeGreaterThanOrEqual(before);
    expect(new Set(alarms(w).map(({ detail }) => detail.metadata.idempotencyKey)).size).toBe(1);
    expect(s.mails.filter(({ subject }) => subject.includes('applications'))).toHaveLength(1);
    for (const { text, subject } of s.mails) expect(text + subject).not.toContain(idOf(w.handMade));
  },
);

test.each(wrongPastes)(
  '%s that nobody mends: the old key is never retired, and each alarm is told once',
  async (_, make) => {
    const { w, s } = await adopted();

    await w.paste(await make(w));
    await s.deliver();
    await live(w, 20, async () => {});
    await s.deliver();

    expect(stateOf(w, w.handMade)).toBe('enabled');
    expect(w.events('CredentialDisabled')).toEqual([]);
    expect(w.events('VerificationFailed')).toHaveLength(1);
    expect(w.events('RetirementHeld').length).toBeLessThanOrEqual(1);
  },
);

test("another secret's key: told once as shared, never marked, never retired; the old one waits for whoever mends it", async () => {
  const { w, s, check } = await adopted();
  const theirs = formatMark(markOf('arn:aws:secretsmanager:eu-central-1:123456789012:secret:b-AbCdEf', 'v', 'test'));
  const key = w.provider.handMade({ target: 'orders-app', mark: theirs });

  await w.paste(key);
  await s.deliver(3);
  await live(w, 3, check);
  await s.deliver();
  const untouched = [stateOf(w, w.handMade), stateOf(w, key)];
  const { code } = await keyturn(w, 'rollback', 'orders/apigee', '--yes');
  await s.deliver();
  await live(w, 20, check);
  await s.deliver();

  expect(untouched).toEqual(['enabled', 'enabled']);
  expect(code).toBe(0);
  expect(failed(w)[0]).toMatchObject({ reason: 'shared-key', live: { versionId: w.firstVersion } });
  expect(stored(w)).toEqual(
    expect.arrayContaining([
      expect.objectContaining({ keyId: idOf(key), enabled: true, mark: theirs }),
      expect.objectContaining({ keyId: idOf(w.handMade), enabled: true }),
    ]),
  );
  expect(w.events('CredentialAdopted')).toEqual([]);
  expect(new Set(w.events('VerificationFailed').map(({ detail }) => detail.metadata.idempotencyKey)).size).toBe(1);
  // The old key was due while the shared one was current.
  expect(w.events('RetirementHeld')).toMatchObject([{ detail: { data: { reason: 'shared-key' } } }]);
});

test.each(steps)(
  'a right paste before %s wins, is adopted, and the key of the abandoned rotation is gone in the end',
  async (step) => {
    const { w, s, check } = await adopted();
    const key = w.provider.handMade({ target: 'orders-app' });
    let versionId = '';

    await s
      .rotate(async (name) => {
        if (name === step) versionId = await w.paste(key);
      })
      .catch(() => undefined);
    await s.deliver();
    await live(w, 12, check);
    await s.deliver();

    // Before the rotation has written anything, it goes on from the pasted key.
    const expected = step === 'createSecret' ? {} : { keyId: idOf(key), mark: w.mark(versionId) };
    expect(stored(w)).toMatchObject([{ enabled: true, ...expected }]);
    expect(w.events('VerificationFailed')).toEqual([]);
    expect(w.events('RetirementHeld')).toEqual([]);
  },
);

test.each([
  ['in its grace', 0.5],
  ['while it is switched off', 3],
])('the old key pasted back %s is current again, and the newer one ends', async (_, days) => {
  const { w, s, check } = await adopted();
  await s.rotate(check);
  await s.deliver();
  await live(w, days, check);
  const newer = await w.credentialIn();

  await w.paste(w.handMade);
  await s.deliver();
  w.pass(4 * minute);
  const goesOn = readers(w, day);
  await live(w, 20, goesOn);
  await s.deliver();

  expect(stored(w)).toMatchObject([{ keyId: idOf(w.handMade), enabled: true }]);
  expect(stateOf(w, newer)).toBe('absent');
  expect(alarms(w)).toEqual([]);
  expect(w.events('CredentialRestored')).toHaveLength(days > 1 ? 1 : 0);
});

test('the old key pasted back after it was deleted is a wrong paste, and the newer one is named', async () => {
  const { w, s, check } = await adopted();
  const token = await s.rotate(check);
  await s.deliver();
  await live(w, 12, check);

  await w.paste(w.handMade);
  await s.deliver();
  await live(w, 3, async () => {});

  expect(failed(w)).toMatchObject([{ reason: 'not-yours', live: { versionId: token } }]);
  expect(stored(w)).toMatchObject([{ mark: w.mark(token), enabled: true }]);
});

test('an unmarked key that was replaced before anybody looked at it is kept, and told once', async () => {
  const { w, s } = await adopted();
  const seconds = w.provider.handMade({ target: 'orders-app' });
  const right = w.provider.handMade({ target: 'orders-app' });

  const first = await w.paste(seconds);
  await w.paste(right);
  w.pass(2 * minute);
  await s.deliver();
  await live(w, 12, async () => {});
  await s.deliver();

  expect([stateOf(w, seconds), stateOf(w, right), stateOf(w, w.handMade)]).toEqual(['enabled', 'enabled', 'absent']);
  expect(w.events('RetirementHeld')).toMatchObject([{ detail: { data: { versionId: first, reason: 'not-yours' } } }]);
  expect(s.mails.at(-1)?.text).toContain('delete it by hand at apigee');
});

test('the verifier that looked at the previous version does not pass for a reader of it, however late it came', async () => {
  const { w, s, check } = await adopted();
  await w.paste(credential('typo', 'typo'));
  await s.deliver(1, 'lost');
  w.pass(23 * hour);
  for (const event of w.events('SecretRotated')) await consume(w, event);
  const right = w.provider.handMade({ target: 'orders-app' });
  await w.paste(right);
  await s.deliver();

  await live(w, 3, check);

  expect((await w.secrets.lastRead(w.arn)).get(w.firstVersion)).toBeGreaterThan(Date.parse('2026-11-21T00:00:00Z'));
  expect(stateOf(w, w.handMade)).toBe('disabled');
  expect(w.events('RetirementHeld')).toEqual([]);
});

test('two unmarked keys that were replaced before anybody looked are each told', async () => {
  const { w, s } = await adopted();
  const keys = [1, 2, 3].map(() => w.provider.handMade({ target: 'orders-app' }));

  const versions: string[] = [];
  for (const key of keys) versions.push(await w.paste(key));
  w.pass(2 * minute);
  await s.deliver();
  await live(w, 12, async () => {});
  await s.deliver();

  const held = w.events('RetirementHeld').map(({ detail }) => detail.data['versionId']);
  expect(new Set(held)).toEqual(new Set(versions.slice(0, 2)));
  expect(s.mails.filter(({ text }) => text.includes('delete it by hand'))).toHaveLength(2);
});
