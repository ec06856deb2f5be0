import { CredentialAdopted } from '@keyturn/events/credential-adopted';
import { CredentialDisabled } from '@keyturn/events/credential-disabled';
import { CredentialRestored } from '@keyturn/events/credential-restored';
import { CredentialRetired } from '@keyturn/events/credential-retired';
import { CredentialVerified } from '@keyturn/events/credential-verified';
import { OrphanFound } from '@keyturn/events/orphan-found';
import { OrphanReaped } from '@keyturn/events/orphan-reaped';
import { RetirementHeld } from '@keyturn/events/retirement-held';
import { RotationFailed } from '@keyturn/events/rotation-failed';
import { RotationOverdue } from '@keyturn/events/rotation-overdue';
import { SecretAdopted } from '@keyturn/events/secret-adopted';
import { SecretRotated } from '@keyturn/events/secret-rotated';
import { VerificationFailed } from '@keyturn/events/verification-failed';
import * as z from 'zod';

/** What owners are told of. */
type Details = {
  SecretAdopted: SecretAdopted;
  SecretRotated: SecretRotated;
  RotationFailed: RotationFailed;
  CredentialVerified: CredentialVerified;
  VerificationFailed: VerificationFailed;
  CredentialAdopted: CredentialAdopted;
  CredentialDisabled: CredentialDisabled;
  CredentialRetired: CredentialRetired;
  CredentialRestored: CredentialRestored;
  RetirementHeld: RetirementHeld;
  OrphanFound: OrphanFound;
  OrphanReaped: OrphanReaped;
  RotationOverdue: RotationOverdue;
};

export type NotifiedType = keyof Details;
export type NotifiedEvent<Type extends NotifiedType = NotifiedType> = {
  [One in Type]: { readonly type: One } & Details[One];
}[Type];

const parsers: { readonly [Type in NotifiedType]: (body: unknown) => NotifiedEvent<Type> } = {
  SecretAdopted: (body) => ({ type: 'SecretAdopted', ...SecretAdopted.parse(body) }),
  SecretRotated: (body) => ({ type: 'SecretRotated', ...SecretRotated.parse(body) }),
  RotationFailed: (body) => ({ type: 'RotationFailed', ...RotationFailed.parse(body) }),
  CredentialVerified: (body) => ({ type: 'CredentialVerified', ...CredentialVerified.parse(body) }),
  VerificationFailed: (body) => ({ type: 'VerificationFailed', ...VerificationFailed.parse(body) }),
  CredentialAdopted: (body) => ({ type: 'CredentialAdopted', ...CredentialAdopted.parse(body) }),
  CredentialDisabled: (body) => ({ type: 'CredentialDisabled', ...CredentialDisabled.parse(body) }),
  CredentialRetired: (body) => ({ type: 'CredentialRetired', ...CredentialRetired.parse(body) }),
  CredentialRestored: (body) => ({ type: 'CredentialRestored', ...CredentialRestored.parse(body) }),
  RetirementHeld: (body) => ({ type: 'RetirementHeld', ...RetirementHeld.parse(body) }),
  OrphanFound: (body) => ({ type: 'OrphanFound', ...OrphanFound.parse(body) }),
  OrphanReaped: (body) => ({ type: 'OrphanReaped', ...OrphanReaped.parse(body) }),
  RotationOverdue: (body) => ({ type: 'RotationOverdue', ...RotationOverdue.parse(body) }),
};

const envelope = z.object({
  'detail-type': z.literal([
    'SecretAdopted',
    'SecretRotated',
    'RotationFailed',
    'CredentialVerified',
    'VerificationFailed',
    'CredentialAdopted',
    'CredentialDisabled',
    'CredentialRetired',
    'CredentialRestored',
    'RetirementHeld',
    'OrphanFound',
    'OrphanReaped',
    'RotationOverdue',
  ] satisfies NotifiedType[]),
  /** Only on events that somebody replays from the archive: their owners heard of them long ago. */
  'replay-name': z.string().optional(),
});

/** An EventBridge event as the queue holds it. undefined: a replayed one, which nobody is told of again. Throws a ZodError. */
export function parseNotifiedEvent(body: unknown): NotifiedEvent | undefined {
  const { 'detail-type': type, 'replay-name': replayName } = envelope.parse(body);
  return replayName === undefined ? parsers[type](body) : undefined;
}
