import { createHash } from 'node:crypto';

import { CredentialAdopted } from '@keyturn/events/credential-adopted';
import { CredentialDisabled } from '@keyturn/events/credential-disabled';
import { CredentialRestored } from '@keyturn/events/credential-restored';
import { CredentialRetired } from '@keyturn/events/credential-retired';
import { CredentialVerified } from '@keyturn/events/credential-verified';
import type { Envelope, KeyturnEvent } from '@keyturn/events/define-event';
import { OrphanFound } from '@keyturn/events/orphan-found';
import { OrphanReaped } from '@keyturn/events/orphan-reaped';
import { RetirementHeld } from '@keyturn/events/retirement-held';
import { RotationFailed } from '@keyturn/events/rotation-failed';
import { RotationOverdue } from '@keyturn/events/rotation-overdue';
import { SecretAdopted } from '@keyturn/events/secret-adopted';
import { SecretRotated } from '@keyturn/events/secret-rotated';
import { VerificationFailed } from '@keyturn/events/verification-failed';

export const secretArn = 'arn:aws:secretsmanager:eu-central-1:123456789012:secret:orders/api-key-AbCdEf';

export const facts = {
  secretArn,
  secretName: 'orders/api-key',
  provider: 'apigee',
  owner: 'payments',
  environment: 'prod',
  runbookUrl: 'https://runbooks.example.com/keyturn',
};

/** The events of a secret's rotations as their publishers make them, each `minute` minutes after 08:00 of 1 March 2027. For tests. */
export const rotationEvents = {
  adopted: (at = 0, data = {}) =>
    SecretAdopted.create(
      { ...facts, versionId: 'v1', schedule: 'rate(30 days)', nextRotationAt: '2027-03-31T08:00:00Z', ...data },
      envelope(at, 'adopted', 'adopted'),
    ),
  rotated: (at = 10, data = {}, about: Partial<Envelope> = {}) =>
    SecretRotated.create(
      {
        ...facts,
        versionId: 'v2',
        previousVersionId: 'v1',
        cause: 'rotation',
        verification: 'dataPlane',
        oldCredentialValidUntil: '2027-03-02T08:10:00Z',
        nextRotationAt: '2027-03-31T08:00:00Z',
        ...data,
      },
      { ...envelope(at, 'v2', `${secretArn}#7`), ...about },
    ),
  failed: (at = 5, data = {}, about: Partial<Envelope> = {}) =>
    RotationFailed.create(
      {
        ...facts,
        versionId: 'v2',
        step: 'testSecret',
        reason: 'unavailable',
        field: null,
        retryable: true,
        liveCredential: 'old',
        attempt: 1,
        nextRetry: '2027-03-31T08:00:00Z',
        ...data,
      },
      { ...envelope(at, 'v2', `${secretArn}#v2#testSecret#unavailable`), ...about },
    ),
  verified: (at = 11, about: Partial<Envelope> = {}) =>
    CredentialVerified.create(
      { ...facts, versionId: 'v2', verification: 'dataPlane' },
      { ...envelope(at, 'v2', `${secretArn}#7#verified`), ...about },
    ),
  refused: (at = 11, data = {}, about: Partial<Envelope> = {}) =>
    VerificationFailed.create(
      { ...facts, versionId: 'v2', reason: 'key-rejected', code: null, previousVersionId: 'v1', ...data },
      { ...envelope(at, 'v2', `${secretArn}#7#verified`), ...about },
    ),
  takenOver: (at = 11) =>
    CredentialAdopted.create({ ...facts, versionId: 'v2' }, envelope(at, 'v2', `${secretArn}#v2#adopted`)),
  disabled: (at = 1500) =>
    CredentialDisabled.create(
      { ...facts, versionId: 'v1', currentVersionId: 'v2', deleteAt: '2027-03-09T09:00:00Z' },
      envelope(at, 'v2', `${secretArn}#v1#7#disabled`),
    ),
  retired: (at = 11_580) =>
    CredentialRetired.create(
      { ...facts, versionId: 'v1', currentVersionId: 'v2' },
      envelope(at, 'v2', `${secretArn}#v1#7#retired`),
    ),
  restored: (at = 12, about: Partial<Envelope> = {}) =>
    CredentialRestored.create({ ...facts, versionId: 'v2' }, { ...envelope(at, 'v2', 'restored'), ...about }),
  held: (at = 1500, data = {}) =>
    RetirementHeld.create(
      {
        ...facts,
        versionId: 'v1',
        currentVersionId: 'v2',
        reason: 'still-accepted',
        nextTryAt: '2027-03-02T10:00:00Z',
        ...data,
      },
      envelope(at, 'v2', `${secretArn}#v1#7#held`),
    ),
  found: (at = 60, data = {}) =>
    OrphanFound.create(
      {
        ...facts,
        versionId: 'v0',
        formerSecret: 'orders/legacy',
        target: 'jane@acme.example/orders',
        reapAt: null,
        ...data,
      },
      envelope(at, 'v0', `${secretArn}#unowned#v0`),
    ),
  overdue: (at = 60, data = {}) =>
    RotationOverdue.create(
      {
        ...facts,
        why: 'missed',
        since: '2027-02-27T08:00:00Z',
        about: null,
        lastRotatedAt: '2027-01-28T08:00:00Z',
        nextRotationAt: null,
        ...data,
      },
      envelope(at, 'overdue', `${secretArn}#overdue#missed`),
    ),
  reaped: (at = 90, data = {}) =>
    OrphanReaped.create({ ...facts, versionId: 'v2', currentVersionId: 'v1', ...data }, envelope(at, 'v2', 'reaped')),
};

/** As EventBridge hands it to a queue. */
export function delivered(event: KeyturnEvent): Readonly<Record<string, unknown>> {
  return { version: '0', id: 'a', account: '123456789012', region: 'eu-central-1', ...event };
}

const start = Date.parse('2027-03-01T08:00:00Z');

function envelope(minute: number, story: string, idempotencyKey: string): Envelope {
  return {
    eventId: eventId(`${minute} ${story} ${idempotencyKey}`),
    occurredAt: new Date(start + minute * 60_000).toISOString(),
    correlationId: `hash/${story}`,
    causationId: null,
    idempotencyKey,
    traceparent: null,
  };
}

function eventId(text: string): string {
  const hex = createHash('sha256').update(text).digest('hex');
  return [hex.slice(0, 8), hex.slice(8, 12), `4${hex.slice(13, 16)}`, `8${hex.slice(17, 20)}`, hex.slice(20, 32)].join(
    '-',
  );
}
