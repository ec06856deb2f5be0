import { expect, test } from 'vitest';

import { readSuperseded, supersededKey, writeSuperseded } from '@keyturn/aws/supersession';
import { type Credential } from '@keyturn/rotation/credential';

import { live, stage } from './played-stage.ts';
import { minute, world, type World } from './world.ts';

const basic = ({ keyId, secret }: Credential) =>
  `Basic ${Buffer.from(`${keyId.reveal()}:${secret.reveal()}`).toString('base64')}`;
const headerText = (pair: Credential, auth: Credential) =>
  JSON.stringify({ key: pair.keyId.reveal(), secret: pair.secret.reveal(), auth: basic(auth) });
const stateOf = (w: World, key: Credential) => w.keys().get(key.keyId.reveal()) ?? 'absent';
const nothing = async () => {};

/** A secret with a derived field whose version of now holds a key of ours. */
async function withHeader() {
  const w = await world({ tags: { 'keyturn:shape': 'header' } });
  const s = stage(w);
  const key = w.provider.handMade({ target: 'orders-app' });
  await w.paste(headerText(key, key));
  w.pass(2 * minute);
  await s.deliver();
  return { w, s, key };
}

test('a key that stood in a derived field alone has a whole grace after that was corrected', async () => {
  const { w, s, key: old } = await withHeader();
  const next = w.provider.handMade({ target: 'orders-app' });
  await w.paste(headerText(next, old));
  await s.deliver();
  await live(w, 3, nothing);
  await w.paste(headerText(next, next));
  await s.deliver();

  await live(w, 0.9, nothing);
  const withinGrace = stateOf(w, old);
  await live(w, 2, nothing);

  expect([withinGrace, stateOf(w, old)]).toEqual(['enabled', 'disabled']);
});

test('a key that was pasted back and replaced again soaks as long as any other', async () => {
  const w = await world();
  await w.provider.mark({ target: 'orders-app', keyId: w.handMade.keyId, mark: w.mark(w.firstVersion) });
  const s = stage(w);
  await s.deliver();
  await s.rotate();
  await s.deliver();
  // It is off, and would be deleted in a day and a half.
  await live(w, 6.5, nothing);
  await w.paste(w.handMade);
  await s.deliver();
  await s.rotate();
  await s.deliver();

  const seen: string[] = [];
  await live(w, 7, async () => void seen.push(stateOf(w, w.handMade)));
  await live(w, 5, nothing);

  expect(new Set(seen)).toEqual(new Set(['enabled', 'disabled']));
  expect(stateOf(w, w.handMade)).toBe('absent');
  expect(w.events('RetirementHeld')).toEqual([]);
});

test('who approved the deletion of a key did not mean it after it was pasted back', async () => {
  const w = await world({ tags: { 'keyturn:policy': 'trusting' } });
  await w.provider.mark({ target: 'orders-app', keyId: w.handMade.keyId, mark: w.mark(w.firstVersion) });
  const s = stage(w);
  await s.deliver();
  await s.rotate();
  await s.deliver();
  await live(w, 2, nothing);
  const row = await readSuperseded(w.ledger, supersededKey(w.arn, w.firstVersion));
  await writeSuperseded(w.ledger, { ...row!.value, deletionApprovedAt: w.clock.now() }, row!.rev);
  await w.paste(w.handMade);
  await s.deliver();
  await s.rotate();
  await s.deliver();

  await live(w, 30, nothing);

  expect(stateOf(w, w.handMade)).toBe('disabled');
});
