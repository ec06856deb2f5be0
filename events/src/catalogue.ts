import { CredentialAdopted } from './credential-adopted.ts';
import { CredentialDisabled } from './credential-disabled.ts';
import { CredentialRestored } from './credential-restored.ts';
import { CredentialRetired } from './credential-retired.ts';
import { CredentialVerified } from './credential-verified.ts';
import { FleetPaused } from './fleet-paused.ts';
import { NotificationTestRequested } from './notification-test-requested.ts';
import { OrphanFound } from './orphan-found.ts';
import { OrphanReaped } from './orphan-reaped.ts';
import { RetirementHeld } from './retirement-held.ts';
import { RotationFailed } from './rotation-failed.ts';
import { RotationOverdue } from './rotation-overdue.ts';
import { SecretAdopted } from './secret-adopted.ts';
import { SecretRotated } from './secret-rotated.ts';
import { VerificationFailed } from './verification-failed.ts';
import { VersionAdopted } from './version-adopted.ts';

/** Every event that Keyturn publishes. */
export const catalogue = [
  SecretAdopted,
  SecretRotated,
  RotationFailed,
  CredentialVerified,
  CredentialAdopted,
  VerificationFailed,
  CredentialDisabled,
  CredentialRetired,
  CredentialRestored,
  RetirementHeld,
  OrphanFound,
  OrphanReaped,
  RotationOverdue,
  FleetPaused,
  NotificationTestRequested,
] as const;

export type EventType = (typeof catalogue)[number]['type'];

export const eventTypes: readonly EventType[] = catalogue.map(({ type }) => type);

/** What others put on the bus, for Keyturn. Nobody can subscribe to it. */
export const heard = [VersionAdopted] as const;

export const heardTypes: readonly string[] = heard.map(({ type }) => type);
