import {
  noteSuperseded,
  readSuperseded,
  supersededKey,
  writeSuperseded,
  type Superseded,
} from '@keyturn/aws/supersession';
import { RetirementHeld } from '@keyturn/events/retirement-held';
import { expect, test } from 'vitest';

import { day, minute, world, type World } from '../../../test/world.ts';
import { sweepDue } from './sweep-due.ts';

const margin = 10 * minute;
const week = 7 * day;

/** A world whose policy probes nobody, and in which the hand-made key is superseded. */
async function superseded(kind: Superseded['kind'] = 'superseded', policy = 'trusting') {
  const w = await world({ tags: { 'keyturn:policy': policy } });
  await w.provider.mark({ target: 'orders-app', keyId: w.handMade.keyId, mark: w.mark(w.firstVersion) });
  const next = w.provider.handMade({ target: 'orders-app' });
  for (let edits = 0; edits < (kind === 'orphan' ? 2 : 1); edits += 1) await w.paste(next);
  await noteSuperseded(w.ledger, {
    secretArn: w.arn,
    versionId: w.firstVersion,
    provider: 'apigee',
    target: 'orders-app',
    kind,
    n: 1,
    supersededAt: w.clock.now(),
    supersededBy: 'b',
    correlationId: 'c',
    dueAt: w.clock.now(),
  });
  return w;
}

const sweep = async (w: World, deps: Partial<World['cleanup']> = {}) => {
  await w.seen();
  return sweepDue(w.clock.now() + 15 * minute, { ...w.cleanup, ...deps });
};
const state = (w: World) => w.keys().get(w.handMade.keyId.reveal()) ?? 'absent';
const held = (w: World) => w.events('RetirementHeld').map((event) => RetirementHeld.parse(event).data);

async function change(w: World, with_: Partial<Superseded>) {
  const row = await readSuperseded(w.ledger, supersededKey(w.arn, w.firstVersion));
  await writeSuperseded(w.ledger, { ...row!.value, dueAt: w.clock.now(), ...with_ }, row!.rev);
}

test('a key that nobody probes is switched off as usual, told once as held, and deleted when a person says so', async () => {
  const w = await superseded();

  w.pass(day + margin);
  await sweep(w);
  const afterGrace = state(w);
  for (let days = 0; days < 20; days += 1) {
    w.pass(day);
    await sweep(w);
  }
  const waiting = state(w);
  await change(w, { deletionApprovedAt: w.clock.now() });
  await sweep(w);

  expect([afterGrace, waiting, state(w)]).toEqual(['disabled', 'disabled', 'absent']);
  expect(held(w)).toMatchObject([{ reason: 'not-approved', step: 'delete' }]);
  expect(w.events('CredentialRetired')).toHaveLength(1);
});

test('the approval to switch it off does not stand for its deletion, nor the other way round', async () => {
  const w = await superseded('superseded', 'approved');
  const { approved } = w.config.policies;
  const config = {
    ...w.config,
    policies: { ...w.config.policies, approved: { ...approved!, deletion: 'approve' } },
  } as const;

  w.pass(day + margin);
  await change(w, { deletionApprovedAt: w.clock.now() });
  await sweep(w, { config });
  const deletionAlone = state(w);
  await change(w, { deletionApprovedAt: null, approvedAt: w.clock.now() });
  await sweep(w, { config });
  w.pass(week);
  await sweep(w, { config });

  expect([deletionAlone, state(w)]).toEqual(['enabled', 'disabled']);
  expect(held(w)).toMatchObject([
    { reason: 'not-approved', step: 'disable' },
    { reason: 'not-approved', step: 'delete' },
  ]);
});

test('a key that became current again has to be approved anew', async () => {
  const w = await superseded();
  w.pass(day + margin);
  await sweep(w);
  await change(w, { approvedAt: w.clock.now(), deletionApprovedAt: w.clock.now() });
  const current = [...(await w.secrets.describe(w.arn)).stages].find(([, labels]) => labels.includes('AWSCURRENT'))![0];
  await w.secrets.moveCurrent({ arn: w.arn, from: current, to: w.firstVersion });

  await sweep(w);
  w.pass(20 * minute);
  await sweep(w);

  const row = await readSuperseded(w.ledger, supersededKey(w.arn, w.firstVersion));
  expect(row?.value).toMatchObject({ stage: 'grace', approvedAt: null, deletionApprovedAt: null });
});

test('a key that a person switched on again during the soak has to be approved anew', async () => {
  const w = await superseded();
  w.pass(day + margin);
  await sweep(w);
  await w.provider.enable({ target: 'orders-app', keyId: w.handMade.keyId, mark: w.mark(w.firstVersion) });
  w.pass(week);
  await change(w, { deletionApprovedAt: w.clock.now() });

  await sweep(w);

  const row = await readSuperseded(w.ledger, supersededKey(w.arn, w.firstVersion));
  expect(row?.value).toMatchObject({ stage: 'grace', deletionApprovedAt: null });
  expect(state(w)).toBe('enabled');
});

test('where switching off is final, the deletion needs its approval before anything is done', async () => {
  const w = await superseded();
  const describe = async () => ({ ...(await w.provider.describe()), reversibleDisable: false });
  const deps = { issue: () => ({ ...w.provider, describe }) };

  w.pass(day + margin);
  await sweep(w, deps);
  const before = state(w);
  await change(w, { deletionApprovedAt: w.clock.now() });
  await sweep(w, deps);

  expect([before, state(w)]).toEqual(['enabled', 'absent']);
  expect(held(w)).toMatchObject([{ reason: 'not-approved', step: 'delete' }]);
});

test('an orphan, which nobody ever had, is deleted without a word', async () => {
  const w = await superseded('orphan');
  w.pass(day);
  await sweep(w);
  w.pass(week);
  await sweep(w);

  expect([state(w), held(w)]).toEqual(['absent', []]);
});
