import type { CheckResult } from '@keyturn/credential-provider/credential-provider';
import { SecretRotated } from '@keyturn/events/secret-rotated';
import { credential } from '@keyturn/rotation/credential';
import { TransientError } from '@keyturn/rotation/errors';
import { expect, test } from 'vitest';

import { minute, world, type World } from '../../../test/world.ts';
import { verifyCurrent, type Deps } from './verify-current.ts';

function rotated(w: World, versionId: string) {
  return SecretRotated.parse(
    SecretRotated.create(
      {
        secretArn: w.arn,
        secretName: 'orders/apigee',
        provider: 'apigee',
        owner: 'orders',
        environment: 'test',
        runbookUrl: 'https://r.example',
        versionId,
        previousVersionId: null,
        cause: 'rotation',
        verification: 'dataPlane',
        oldCredentialValidUntil: null,
        nextRotationAt: null,
      },
      {
        eventId: '00000000-0000-4000-8000-000000000001',
        occurredAt: new Date(w.clock.now()).toISOString(),
        correlationId: 'c',
        causationId: null,
        idempotencyKey: `${w.arn}#7`,
        traceparent: null,
      },
    ),
  );
}

test('tells that what applications read is accepted', async () => {
  const w = await world();

  await verifyCurrent(rotated(w, w.firstVersion), w.verifier);

  expect(w.events()).toMatchObject([
    {
      'detail-type': 'CredentialVerified',
      detail: {
        data: { versionId: w.firstVersion, verification: 'dataPlane' },
        metadata: { correlationId: 'c', idempotencyKey: `${w.arn}#7#verified` },
      },
    },
  ]);
});

test('does not judge a version that is not current any more', async () => {
  const w = await world();
  const event = rotated(w, w.firstVersion);
  await w.paste(credential('wrong', 'wrong'));

  await verifyCurrent(event, w.verifier);

  expect(w.events()).toEqual([]);
});

test('a pasted key that the provider does not know is told at once', async () => {
  const w = await world();
  const versionId = await w.paste(credential('wrong', 'wrong'));

  await verifyCurrent(rotated(w, versionId), w.verifier);

  expect(w.events('VerificationFailed')).toMatchObject([{ detail: { data: { reason: 'not-yours', versionId } } }]);
});

test('a key that is refused gets twice the time that the provider needs before it is told', async () => {
  const w = await world();
  await w.provider.mark({ target: 'orders-app', keyId: w.handMade.keyId, mark: w.mark(w.firstVersion) });
  w.provider.handMade({ target: 'orders-app' });
  await w.provider.disable({ target: 'orders-app', keyId: w.handMade.keyId, mark: w.mark(w.firstVersion) });
  const event = rotated(w, w.firstVersion);

  await expect(verifyCurrent(event, w.verifier)).rejects.toMatchObject({
    name: 'TransientError',
    retryAfterMs: 3 * minute,
  });
  w.pass(3 * minute);
  await expect(verifyCurrent(event, w.verifier)).rejects.toBeInstanceOf(TransientError);
  w.pass(3 * minute);
  await verifyCurrent(event, w.verifier);

  expect(w.events('VerificationFailed')).toMatchObject([{ detail: { data: { reason: 'key-disabled' } } }]);
});

test('a paste that has no shape is told at once', async () => {
  const w = await world();
  const versionId = await w.paste('not what the shape says');

  await verifyCurrent(rotated(w, versionId), w.verifier);

  expect(w.events('VerificationFailed')).toMatchObject([{ detail: { data: { reason: 'shape-mismatch', versionId } } }]);
});

test('that we may not ask the provider is no word against the key', async () => {
  const w = await world();
  w.provider.faults.always('denied');

  const verifying = verifyCurrent(rotated(w, w.firstVersion), w.verifier);

  await expect(verifying).rejects.toMatchObject({ name: 'PermanentError' });
  expect(w.events()).toEqual([]);
});

test('a value that is older than the description is read again', async () => {
  const w = await world();
  const versionId = await w.paste(w.provider.handMade({ target: 'orders-app' }));
  const stale = await w.secrets.value(w.arn, { versionId: w.firstVersion });
  const secrets = { ...w.secrets, value: async () => stale };

  const verifying = verifyCurrent(rotated(w, versionId), { ...w.verifier, secrets });

  await expect(verifying).rejects.toBeInstanceOf(TransientError);
});

/** The provider, which answers every check with these changes. */
function answering(w: World, change: { key?: Partial<Stored>; use?: CheckResult['use'] }): Partial<Deps> {
  const check: typeof w.provider.check = async (request) => {
    const { key, use } = await w.provider.check(request);
    if (key.state === 'absent') return { key, use };
    return { key: { ...key, ...change.key }, use: change.use ?? use };
  };
  return { provider: () => ({ check }) };
}
type Stored = Exclude<CheckResult['key'], { state: 'absent' }>;

test.each([
  ['the provider stores another secret', { key: { secretMatches: false } }, 'not-yours', null],
  ['the key can be used no more', { key: { state: 'unusable' } }, 'key-rejected', null],
  [
    'the gateway refuses it for good',
    { use: { outcome: 'rejected', code: 'Expired', final: true } },
    'key-rejected',
    'Expired',
  ],
  ['no probe fits the target', { use: { outcome: 'no-probe' } }, 'misconfigured', null],
] as const)('tells at once that %s, and shows no key', async (_, change, reason, code) => {
  const w = await world();

  await verifyCurrent(rotated(w, w.firstVersion), { ...w.verifier, ...answering(w, change) });

  expect(w.events()).toMatchObject([{ 'detail-type': 'VerificationFailed', detail: { data: { reason, code } } }]);
  expect(JSON.stringify(w.events())).not.toContain(w.handMade.keyId.reveal());
  expect(JSON.stringify(w.events())).not.toContain(w.handMade.secret.reveal());
});

test('a refusal in use that may pass is looked at again before it is told', async () => {
  const w = await world();
  const event = rotated(w, w.firstVersion);
  const deps = { ...w.verifier, ...answering(w, { use: { outcome: 'rejected', code: 'InvalidKey', final: false } }) };

  await expect(verifyCurrent(event, deps)).rejects.toMatchObject({ retryAfterMs: 3 * minute });
  w.pass(6 * minute);
  await verifyCurrent(event, deps);

  expect(w.events()).toMatchObject([{ detail: { data: { reason: 'key-rejected', code: 'InvalidKey' } } }]);
});

test('a current version without a credential is told', async () => {
  const w = await world();
  const versionId = await w.paste('{"key":"","secret":""}');

  await verifyCurrent(rotated(w, versionId), w.verifier);

  expect(w.events('VerificationFailed')).toMatchObject([{ detail: { data: { reason: 'shape-mismatch' } } }]);
});

test.each([
  ['dataPlane', 'credential'],
  ['controlPlane', 'none'],
] as const)('a policy of the %s asks the provider with the probe %s', async (verification, probe) => {
  const w = await world();
  const { standard } = w.config.policies;
  if (standard === undefined) throw new Error('no such policy');
  const config = { ...w.config, policies: { ...w.config.policies, standard: { ...standard, verification } } };
  const probes: string[] = [];
  const check: typeof w.provider.check = (request) => {
    probes.push(request.probe);
    return w.provider.check(request);
  };

  await verifyCurrent(rotated(w, w.firstVersion), { ...w.verifier, config, provider: () => ({ check }) });

  expect(probes).toEqual([probe]);
  expect(w.events()).toMatchObject([{ detail: { data: { verification } } }]);
});

test('a secret that is being deleted is not judged', async () => {
  const w = await world();
  await w.model.deleteSecret({ SecretId: w.arn, RecoveryWindowInDays: 7 });

  await verifyCurrent(rotated(w, w.firstVersion), w.verifier);

  expect(w.events()).toEqual([]);
});

test('a target that does not exist is told, not dead-lettered', async () => {
  const w = await world({ tags: { 'keyturn:target': 'no-such-app' } });

  await verifyCurrent(rotated(w, w.firstVersion), w.verifier);

  expect(w.events()).toMatchObject([{ detail: { data: { reason: 'target-missing' } } }]);
});

test('a paste that changed one of two places only is told at once', async () => {
  const w = await world({ tags: { 'keyturn:shape': 'header' } });
  const next = w.provider.handMade({ target: 'orders-app' });
  const old = Buffer.from(`${w.handMade.keyId.reveal()}:${w.handMade.secret.reveal()}`).toString('base64');
  const versionId = await w.paste(
    `{"key":"${next.keyId.reveal()}","secret":"${next.secret.reveal()}","auth":"Basic ${old}"}`,
  );

  await verifyCurrent(rotated(w, versionId), w.verifier);

  expect(w.events('VerificationFailed')).toMatchObject([{ detail: { data: { reason: 'shape-mismatch', versionId } } }]);
});
