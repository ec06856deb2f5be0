import type { EventBus } from '@keyturn/aws/event-bus';
import type { Queue } from '@keyturn/aws/queue';
import type { SecretDescription, SecretStore, SecretVersion } from '@keyturn/aws/secret-store';
import type { Config } from '@keyturn/config/config';
import type { ManagedSecret } from '@keyturn/config/managed-secret';
import type { IssueProvider } from '@keyturn/credential-provider/credential-provider';
import type { Log } from '@keyturn/lambda/log';
import type { Clock } from '@keyturn/rotation/clock';
import type { Credential } from '@keyturn/rotation/credential';
import { PermanentError, TransientError } from '@keyturn/rotation/errors';
import { readAgreeing, readCredential } from '@keyturn/rotation/shape';

import type { RotationRequest } from './rotation-request.ts';

export type Deps = {
  readonly config: Config;
  readonly secrets: SecretStore;
  readonly bus: EventBus;
  /** The announcer's queue. */
  readonly hints: Queue;
  readonly clock: Clock;
  readonly newId: () => string;
  /** The adapter of a configured provider id. */
  readonly provider: (providerId: string) => IssueProvider;
  /** How often this execution environment saw the token fail, this time included. */
  readonly countFailure: (token: string) => number;
  readonly log: Log;
};

/** A step that may go on: the request, what the secret looks like now, and what the configuration says of it. */
export type Rotation = {
  readonly request: RotationRequest;
  readonly description: SecretDescription;
  readonly secret: ManagedSecret;
  readonly provider: IssueProvider;
  /** The function's deadline, by the clock. */
  readonly deadline: number;
};

/** The version AWSCURRENT stands on. */
export function currentVersionId(description: SecretDescription): string {
  for (const [versionId, labels] of description.stages) {
    if (labels.includes('AWSCURRENT')) return versionId;
  }
  throw new PermanentError(
    'secret-missing',
    'The secret has no value yet. Give it one, such as {}, that says what it will look like',
    { field: 'AWSCURRENT' },
  );
}

export async function readCurrent({ description }: Rotation, { secrets }: Deps): Promise<SecretVersion> {
  const versionId = currentVersionId(description);
  const version = await secrets.value(description.arn, { versionId, stage: 'AWSCURRENT' });
  if (version === undefined) throw new TransientError('AWSCURRENT moved while it was being read');
  return version;
}

// Secrets Manager is eventually consistent: a value that was just put may not be there for a moment.
const pendingReads = 5;
const pendingPauseMs = 300;

export async function readPending(
  { description, request }: Rotation,
  { secrets, clock }: Deps,
): Promise<SecretVersion> {
  for (let read = 1; ; read += 1) {
    const version = await secrets.value(description.arn, { versionId: request.token, stage: 'AWSPENDING' });
    if (version !== undefined) return version;
    if (read === pendingReads) throw new TransientError('The pending version cannot be read');
    await clock.sleep(pendingPauseMs);
  }
}

/**
 * The credentials of both versions; the current one is undefined at the first issue. Refuses a pending version that holds none, or whose places do not
 * agree: the shape may have got another place since it was written.
 */
export function credentialsOf(
  rotation: Rotation,
  pending: SecretVersion,
  current: SecretVersion,
): { pending: Credential; current: Credential | undefined } {
  const { shape } = rotation.secret;
  const next = readAgreeing(shape, pending);
  if (next === undefined) {
    throw new PermanentError('shape-mismatch', 'The pending version holds no credential', { field: shape.keyId });
  }
  return { pending: next, current: readCredential(shape, current) };
}
