import { SecretRotated } from '@keyturn/events/secret-rotated';
import { credential } from '@keyturn/rotation/credential';
import { TransientError } from '@keyturn/rotation/errors';
import { expect, test } from 'vitest';

import { minute, world, type World } from '../../../test/world.ts';
import { verifyCurrent } from './verify-current.ts';

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
