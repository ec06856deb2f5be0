import {
  noteSuperseded,
  readSuperseded,
  supersededKey,
  writeSuperseded,
  type Superseded,
} from '@keyturn/aws/supersession';
import { TransientError } from '@keyturn/rotation/errors';
import { expect, test } from 'vitest';

import { day, minute, world, type World } from '../../../test/world.ts';
import type { Deps } from './deps.ts';
import { sweepDue } from './sweep-due.ts';

const margin = 10 * minute;

/** A world in which the hand-made key was superseded, and is due behind whatever is noted as older. */
async function due() {
  const w = await world();
  await w.provider.mark({ target: 'orders-app', keyId: w.handMade.keyId, mark: w.mark(w.firstVersion) });
  const next = w.provider.handMade({ target: 'orders-app' });
  const versionId = await w.paste(next);
  await w.provider.mark({ target: 'orders-app', keyId: next.keyId, mark: w.mark(versionId) });
  await note(w, w.firstVersion);
  w.pass(day + margin);
  await w.seen();
  return w;
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
    dueAt: change.dueAt ?? w.clock.now() + day + margin,
  });
}

/** Older than what else is due, and of a provider that `list` tells of. */
const old = (w: World, name: string, provider: string) =>
  note(w, name, { provider, target: `${provider}-${name}`, supersededAt: 1, dueAt: 1 });

/** Only `apigee` is asked for the current key, and answers. */
function withProvider(w: World, id: string, list: World['provider']['list']): Deps {
  const broken = { ...w.provider, list };
  return { ...w.cleanup, issue: (provider) => (provider === id ? broken : w.provider) };
}

const sweep = (w: World, deps: Deps) => sweepDue(w.clock.now() + 5 * minute, deps);
const isOff = (w: World) => w.keys().get(w.handMade.keyId.reveal()) === 'disabled';

test('I3: a provider that does not answer keeps no key of another one waiting, however many of its own are due', async () => {
  const w = await due();
  for (let number = 0; number < 500; number += 1) await old(w, `stuck-${number}`, 'dead');
  const slow = async () => {
    await w.clock.sleep(41_000);
    throw new TransientError('no answer');
  };

  await sweep(w, withProvider(w, 'dead', slow));

  expect(isOff(w)).toBe(true);
});

test('what a sweep dies over is not what the next one begins with', async () => {
  const w = await due();
  for (const name of ['1', '2', '3', '4']) await old(w, name, 'apigee');
  const asked: string[] = [];
  // Of a killed function nothing goes on.
  const dies: World['provider']['list'] = ({ target }) => {
    asked.push(target);
    return new Promise(() => {});
  };

  for (let sweeps = 0; sweeps < 5; sweeps += 1) {
    w.pass(5 * minute);
    void sweep(w, withProvider(w, 'apigee', dies));
    for (let turn = 0; turn < 500; turn += 1) await Promise.resolve();
  }

  expect(asked.slice(0, 4)).toEqual(['apigee-1', 'apigee-2', 'apigee-3', 'apigee-4']);
  expect(isOff(w)).toBe(true);
});

test('I1: a key that may be off does not wait behind what is due for longer', async () => {
  const w = await due();
  for (let number = 0; number < 150; number += 1) await old(w, `old-${number}`, 'apigee');
  const row = (await readSuperseded(w.ledger, supersededKey(w.arn, w.firstVersion)))!;
  await writeSuperseded(w.ledger, { ...row.value, mayBeOff: true }, row.rev);
  await w.fleet.set('paused');
  await w.provider.disable({ target: 'orders-app', keyId: w.handMade.keyId, mark: w.mark(w.firstVersion) });

  await sweep(w, w.cleanup);

  expect(isOff(w)).toBe(false);
});

test('a row that nobody can read keeps no other waiting, and is told at the end', async () => {
  const w = await due();
  await w.ledger.write({ partition: 'p', row: 'superseded#broken' }, { what: 'ever' }, 0, 1);

  await expect(sweep(w, w.cleanup)).rejects.toThrow(AggregateError);
  expect(isOff(w)).toBe(true);
});
