import { readOldReads } from '@keyturn/aws/own-reads';
import { VerificationFailed } from '@keyturn/events/verification-failed';
import { SecretRotated } from '@keyturn/events/secret-rotated';
import { credential, fingerprint } from '@keyturn/rotation/credential';
import { PermanentError, TransientError } from '@keyturn/rotation/errors';
import { formatMark, markOf } from '@keyturn/rotation/mark';
import { expect, test } from 'vitest';

import { minute, world, type World } from '../../../test/world.ts';
import { verifyCurrent, type Deps } from './verify-current.ts';

const wrong = credential('wrong-id', 'wrong-secret');

/** The verifier hears that somebody made this version current. */
async function verify(w: World, versionId: string, deps: Partial<Deps> = {}, at = w.clock.now()) {
  const facts = {
    secretArn: w.arn,
    secretName: 'orders/apigee',
    provider: 'apigee',
    owner: 'orders',
    environment: 'test',
    runbookUrl: 'https://r.example',
    versionId,
    previousVersionId: w.firstVersion,
    cause: 'manual',
    verification: 'dataPlane',
    oldCredentialValidUntil: null,
    nextRotationAt: null,
  } as const;
  const about = {
    eventId: '00000000-0000-4000-8000-000000000001',
    occurredAt: new Date(at).toISOString(),
    correlationId: 'c',
    causationId: null,
    idempotencyKey: `${w.arn}#7`,
    traceparent: null,
  };
  await verifyCurrent(SecretRotated.parse(SecretRotated.create(facts, about)), { ...w.verifier, ...deps });
}

const told = (w: World) => w.events('VerificationFailed').map((event) => VerificationFailed.parse(event).data);

test.each([
  ['a typo in the id', 'not-yours', async () => wrong],
  ['a typo in the secret', 'not-yours', async (w: World) => credential(w.handMade.keyId.reveal(), 'wrong-secret')],
  ["another app's key", 'not-yours', async (w: World) => w.provider.handMade({ target: 'other-app' })],
  ['no JSON', 'shape-mismatch', async () => 'oops'],
  ['another shape', 'shape-mismatch', async () => '{"apiKey":"x"}'],
  ['no credential yet', 'shape-mismatch', async () => '{"key":"","secret":""}'],
] as const)('%s is told at once, with the earlier version that works, and no key', async (_, reason, make) => {
  const w = await world();
  const pasted = await make(w);
  const versionId = await w.paste(pasted);

  await verify(w, versionId);

  const { createdAt } = (await w.secrets.value(w.arn, { versionId: w.firstVersion }))!;
  expect(told(w)).toMatchObject([
    {
      reason,
      versionId,
      live: {
        versionId: w.firstVersion,
        fingerprint: fingerprint(w.handMade.keyId),
        createdAt: new Date(createdAt).toISOString(),
      },
    },
  ]);
  for (const canary of [w.handMade, wrong]) {
    expect(JSON.stringify(w.events())).not.toContain(canary.keyId.reveal());
    expect(JSON.stringify(w.events())).not.toContain(canary.secret.reveal());
  }
});

test('what is no text at all is told like what is no JSON', async () => {
  const w = await world();
  const { VersionId: versionId = '' } = await w.model.putSecretValue({
    SecretId: w.arn,
    SecretBinary: new Uint8Array([0, 255]),
  });

  await verify(w, versionId);

  expect(told(w)).toMatchObject([{ reason: 'shape-mismatch', live: { versionId: w.firstVersion } }]);
});

test.each([
  ['another secret', markOf('arn:aws:secretsmanager:eu-central-1:123456789012:secret:b-AbCdEf', 'v', 'test')],
  ['another installation', markOf('arn:aws:secretsmanager:us-east-1:123456789012:secret:b-AbCdEf', 'v', 'test')],
])('a key that works and belongs to %s is told as shared, with the version to go back to', async (_, mark) => {
  const w = await world();
  const versionId = await w.paste(w.provider.handMade({ target: 'orders-app', mark: formatMark(mark) }));

  await verify(w, versionId);

  expect(told(w)).toMatchObject([{ reason: 'shared-key', live: { versionId: w.firstVersion } }]);
});

test('an unmarked key that works is nothing to tell: cleanup adopts it', async () => {
  const w = await world();
  const versionId = await w.paste(w.provider.handMade({ target: 'orders-app' }));

  await verify(w, versionId);

  expect(w.events()).toMatchObject([{ 'detail-type': 'CredentialVerified' }]);
});

test('what is told as live is not a key that is off, gone, refused in use or in a version without a credential', async () => {
  const off = await world();
  await off.provider.mark({ target: 'orders-app', keyId: off.handMade.keyId, mark: off.mark(off.firstVersion) });
  off.provider.handMade({ target: 'orders-app' });
  await off.provider.disable({ target: 'orders-app', keyId: off.handMade.keyId, mark: off.mark(off.firstVersion) });
  const twice = await world();
  await twice.paste('oops');

  await verify(off, await off.paste(wrong));
  await verify(twice, await twice.paste(wrong));
  const refused = await world();
  const check: typeof refused.provider.check = async (request) => {
    const seen = await refused.provider.check(request);
    return { ...seen, use: { outcome: 'rejected', code: 'x', final: false } };
  };
  await verify(refused, await refused.paste(wrong), { provider: () => ({ check }) });

  expect([told(off), told(twice), told(refused)]).toMatchObject([[{ live: null }], [{ live: null }], [{ live: null }]]);
});

test.each([new TransientError('throttled'), new PermanentError('access-denied', 'no')])(
  'trouble with the previous version does not keep the alarm waiting: %s',
  async (trouble) => {
    const w = await world();
    const versionId = await w.paste(wrong);
    const value: typeof w.secrets.value = async (id, which) => {
      if (which.versionId === w.firstVersion) throw trouble;
      return w.secrets.value(id, which);
    };

    await verify(w, versionId, { secrets: { ...w.secrets, value } });

    expect(told(w)).toMatchObject([{ reason: 'not-yours', live: null }]);
  },
);

test('after a check that took its time there is none left for the previous version: the alarm goes out', async () => {
  const w = await world();
  const versionId = await w.paste(wrong);
  const asked: string[] = [];
  const check: typeof w.provider.check = async (request) => {
    asked.push(fingerprint(request.credential.keyId));
    w.pass(26_000);
    return w.provider.check(request);
  };

  await verify(w, versionId, { provider: () => ({ check }) });

  expect(asked).toEqual([fingerprint(wrong.keyId)]);
  expect(told(w)).toMatchObject([{ reason: 'not-yours', live: null }]);
});

test('the read of the previous version is noted before it happens, and without the note it does not', async () => {
  const w = await world();
  const versionId = await w.paste(wrong);
  const noted: number[] = [];
  const value: typeof w.secrets.value = async (id, which) => {
    if (which.versionId === w.firstVersion) {
      noted.push((await readOldReads(w.ledger, { secretArn: w.arn, versionId: w.firstVersion })).ownReadAt);
    }
    return w.secrets.value(id, which);
  };
  await verify(w, versionId, { secrets: { ...w.secrets, value } });
  const full = await world();
  const write = async () => {
    throw new TransientError('the table throttles');
  };
  await verify(full, await full.paste(wrong), { ledger: { ...full.ledger, write } });

  expect(noted).toEqual([w.clock.now()]);
  expect((await full.secrets.lastRead(full.arn)).get(full.firstVersion)).toBeUndefined();
  expect(told(full)).toMatchObject([{ live: null }]);
});

test('where the policy asks the control plane alone, its word is enough, and no probe is sent', async () => {
  const w = await world({ tags: { 'keyturn:policy': 'trusting' } });
  const probes: string[] = [];
  const check: typeof w.provider.check = (request) => {
    probes.push(request.probe);
    return w.provider.check(request);
  };

  await verify(w, await w.paste(wrong), { provider: () => ({ check }) });

  expect(told(w)).toMatchObject([{ live: { versionId: w.firstVersion } }]);
  expect(new Set(probes)).toEqual(new Set(['none']));
});

test('what may heal is told at most twice the bound after it was announced', async () => {
  const w = await world();
  const key = w.provider.handMade({ target: 'orders-app' });
  const versionId = await w.paste(key);
  const check: typeof w.provider.check = async (request) => {
    const seen = await w.provider.check(request);
    const refused = request.credential.keyId.reveal() === key.keyId.reveal();
    return refused ? { ...seen, use: { outcome: 'rejected', code: 'x', final: false } } : seen;
  };
  const deps = { provider: () => ({ check }) };
  const start = w.clock.now();

  await expect(verify(w, versionId, deps)).rejects.toMatchObject({ retryAfterMs: 3 * minute });
  w.pass(6 * minute);
  await verify(w, versionId, deps, start);

  expect(told(w)).toMatchObject([{ reason: 'key-rejected', live: { versionId: w.firstVersion } }]);
});
