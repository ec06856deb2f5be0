import { PermanentError, type Reason } from '@keyturn/rotation/errors';
import { formatMark, markOf } from '@keyturn/rotation/mark';
import { credential } from '@keyturn/rotation/credential';
import { expect, test } from 'vitest';

import { world, type World } from '../../../test/world.ts';
import { readLive } from './managed-versions.ts';
import { settleCurrent } from './settle-current.ts';

const other = formatMark(markOf('arn:aws:secretsmanager:eu-central-1:123456789012:secret:b-AbCdEf', 'v', 'test'));

async function settle(w: World, { pasted = true, ...deps }: Partial<World['cleanup']> & { pasted?: boolean } = {}) {
  return settleCurrent(await readLive(w.arn, w.cleanup), { ...w.cleanup, ...deps }, { correlationId: 'c', pasted });
}

const markOn = (w: World, keyId: string) => w.provider.stored('orders-app').find((key) => key.keyId === keyId)?.mark;

test('a pasted key that the provider knows with our secret gets our mark, and that is told once', async () => {
  const w = await world();
  const key = w.provider.handMade({ target: 'orders-app', note: 'of a person' });
  const versionId = await w.paste(key);

  await settle(w);
  await settle(w, { pasted: false });

  const stored = w.provider.stored('orders-app').find(({ keyId }) => keyId === key.keyId.reveal());
  expect(stored).toMatchObject({ mark: w.mark(versionId), rest: { note: 'of a person' } });
  expect(w.events()).toMatchObject([
    {
      'detail-type': 'CredentialAdopted',
      detail: {
        data: { versionId },
        metadata: { correlationId: 'c', idempotencyKey: `${w.arn}#${versionId}#adopted` },
      },
    },
  ]);
  expect(JSON.stringify(w.events())).not.toContain(key.keyId.reveal());
});

test('an adoption whose telling was lost is told when the message comes again, as the same fact', async () => {
  const w = await world();
  await w.paste(w.provider.handMade({ target: 'orders-app' }));
  let fails = true;
  const publish: typeof w.bus.publish = async (event) => {
    if (fails) throw new Error('the function was killed');
    return w.bus.publish(event);
  };
  await expect(settle(w, { bus: { ...w.bus, publish } })).rejects.toThrow();
  fails = false;

  await settle(w);
  await settle(w);

  const keys = w.events('CredentialAdopted').map(({ detail }) => detail.metadata.idempotencyKey);
  expect(new Set(keys).size).toBe(1);
});

test.each([
  ['another secret', other],
  ['another installation', 'keyturn/v1/999999999999/eu-central-1/prod/00000000000000000000000000000000/v'],
  ['somebody unknown', 'mine!'],
])('a key with the mark of %s is never taken', async (_, mark) => {
  const w = await world();
  const theirs = w.provider.handMade({ target: 'orders-app', mark });
  await w.paste(theirs);

  await settle(w);

  expect([markOn(w, theirs.keyId.reveal()), w.events()]).toEqual([mark, []]);
});

test('a key that another secret marks in the same moment is theirs, and nothing is told', async () => {
  const w = await world();
  const key = w.provider.handMade({ target: 'orders-app' });
  await w.paste(key);
  const checks: string[] = [];
  const check: typeof w.provider.check = async (request) => {
    checks.push(request.probe);
    const seen = await w.provider.check(request);
    return checks.length > 1 && seen.key.state !== 'absent' ? { ...seen, key: { ...seen.key, mark: other } } : seen;
  };

  await settle(w, { issue: () => ({ ...w.provider, check }) });

  expect(w.events()).toEqual([]);
});

function refusing(w: World, reason: Reason): Partial<World['cleanup']> {
  const mark = async () => {
    throw new PermanentError(reason, 'No');
  };
  return { issue: () => ({ ...w.provider, mark }) };
}

test('a key that somebody else marked first is left to them', async () => {
  const w = await world();
  await w.paste(w.provider.handMade({ target: 'orders-app' }));

  await settle(w, refusing(w, 'not-yours'));

  expect(w.events()).toEqual([]);
});

test('that we may not mark is no secret', async () => {
  const w = await world();
  await w.paste(w.provider.handMade({ target: 'orders-app' }));

  await expect(settle(w, refusing(w, 'provider-refused'))).rejects.toMatchObject({ reason: 'provider-refused' });
});

test.each([
  ['is not known to the provider', (w: World) => w.paste(credential('typo', 'typo'))],
  [
    'stands beside a wrong secret',
    (w: World) => w.paste(credential(w.provider.handMade({ target: 'orders-app' }).keyId.reveal(), 'typo')),
  ],
  ["is another app's", (w: World) => w.paste(w.provider.handMade({ target: 'other-app' }))],
  ['somebody switched off', (w: World) => w.paste(w.provider.handMade({ target: 'orders-app', disabled: true }))],
  ['is expired', (w: World) => w.paste(w.provider.handMade({ target: 'orders-app', expired: true }))],
])('a key that %s is not adopted', async (_, paste) => {
  const w = await world();
  await paste(w);

  await settle(w);

  expect(w.events()).toEqual([]);
  expect(w.provider.stored('orders-app').filter(({ mark }) => mark !== undefined)).toEqual([]);
});

test.each([
  ['accepts it in use', true],
  ['refuses it in use', false],
])('where the provider never tells a secret, a key is adopted only if it %s', async (_, accepted) => {
  const w = await world();
  const key = w.provider.handMade({ target: 'orders-app' });
  await w.paste(key);
  const check: typeof w.provider.check = async (request) => {
    const seen = await w.provider.check(request);
    const use = accepted ? seen.use : ({ outcome: 'rejected', code: 'x', final: false } as const);
    return {
      key: seen.key.state === 'absent' ? seen.key : { ...seen.key, secretMatches: undefined },
      use: request.probe === 'none' ? seen.use : use,
    };
  };

  await settle(w, { issue: () => ({ ...w.provider, check }) });

  expect(markOn(w, key.keyId.reveal()) !== undefined).toBe(accepted);
});

test('where keys bear no mark, nothing is marked', async () => {
  const w = await world();
  await w.paste(w.provider.handMade({ target: 'orders-app' }));
  const describe = async () => ({ ...(await w.provider.describe()), mark: false });

  await settle(w, { issue: () => ({ ...w.provider, describe }) });

  expect(w.events()).toEqual([]);
});
