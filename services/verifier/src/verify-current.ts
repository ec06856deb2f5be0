import type { EventBus } from '@keyturn/aws/event-bus';
import type { Ledger } from '@keyturn/aws/ledger';
import type { SecretReader, SecretVersion } from '@keyturn/aws/secret-store';
import type { Config } from '@keyturn/config/config';
import { eventFacts } from '@keyturn/config/event-facts';
import { managedSecret, type ManagedSecret } from '@keyturn/config/managed-secret';
import type { CheckResult, IssueProvider } from '@keyturn/credential-provider/credential-provider';
import { CredentialVerified } from '@keyturn/events/credential-verified';
import { occurrence } from '@keyturn/events/occurrence';
import type { SecretRotated } from '@keyturn/events/secret-rotated';
import { VerificationFailed } from '@keyturn/events/verification-failed';
import type { Clock } from '@keyturn/rotation/clock';
import { PermanentError, TransientError, type Reason } from '@keyturn/rotation/errors';
import { markOf, ownership } from '@keyturn/rotation/mark';
import { readAgreeing } from '@keyturn/rotation/shape';

import { findLive } from './find-live.ts';

export type Deps = {
  readonly config: Config;
  readonly secrets: SecretReader;
  /** For the notes of what we read ourselves. */
  readonly ledger: Ledger;
  readonly provider: (providerId: string) => Pick<IssueProvider, 'check'>;
  readonly bus: EventBus;
  readonly clock: Clock;
  readonly newId: () => string;
};

const stalePauseMs = 20_000;
/** An adapter may take 90 s for one check, and the function lives for 120: after so long a second check might cost the alarm itself. */
const secondCheckWithinMs = 25_000;

/**
 * Reads the secret as applications do and checks that the provider accepts what they get. A version that is not current any more is not judged:
 * its successor has an event of its own.
 */
export async function verifyCurrent(rotated: SecretRotated, deps: Deps): Promise<void> {
  const startedAt = deps.clock.now();
  const { secretArn, versionId } = rotated.data;
  const description = await deps.secrets.describe(secretArn);
  if (description.deletedAt !== undefined) return;
  const secret = managedSecret(description, deps.config);
  const version = await deps.secrets.value(secretArn, { stage: 'AWSCURRENT' });
  if (version?.versionId !== versionId) {
    if (description.stages.get(versionId)?.includes('AWSCURRENT') !== true) return;
    throw new TransientError('AWSCURRENT cannot be read as it is described', { retryAfterMs: stalePauseMs });
  }

  const problem = await findProblem(secret, version, deps);
  if (problem?.final === false) retryWithinBounds(rotated, secret, deps);

  const facts = { ...eventFacts(description, deps.config, problem?.reason), versionId };
  const about = occurrence(deps, {
    correlationId: rotated.metadata.correlationId,
    causationId: rotated.metadata.eventId,
    idempotencyKey: `${rotated.metadata.idempotencyKey}#${problem === undefined ? 'verified' : 'refused'}`,
  });
  await deps.bus.publish(
    problem === undefined
      ? CredentialVerified.create({ ...facts, verification: secret.policy.verification }, about)
      : VerificationFailed.create(
          {
            ...facts,
            reason: problem.reason,
            code: problem.code,
            previousVersionId: rotated.data.previousVersionId,
            live: hasTime(startedAt, deps) ? await findLive(description, secret, deps) : null,
          },
          about,
        ),
  );
}

const hasTime = (startedAt: number, { clock }: Deps): boolean => clock.now() - startedAt <= secondCheckWithinMs;

type Problem = { readonly reason: Reason; readonly code: string | null; readonly final: boolean };

// What cannot even be asked may be a problem of what was pasted: no shape, no such app. That we may not ask is ours, and no reason to alarm an owner.
const ofTheSecret: ReadonlySet<Reason> = new Set(['shape-mismatch', 'target-missing']);

async function findProblem(secret: ManagedSecret, version: SecretVersion, deps: Deps): Promise<Problem | undefined> {
  const { target, policy } = secret;
  const { probe } = policy;
  try {
    const credential = readAgreeing(secret.shape, version);
    if (credential === undefined) return { reason: 'shape-mismatch', code: null, final: true };
    const check = await deps.provider(secret.provider.id).check({ target, credential, probe, times: 1 });
    return problemOf(check) ?? sharingOf(check, secret, version);
  } catch (error) {
    if (!(error instanceof PermanentError) || !ofTheSecret.has(error.reason)) throw error;
    return { reason: error.reason, code: null, final: true };
  }
}

function problemOf({ key, use }: CheckResult): Problem | undefined {
  if (key.state === 'absent') return { reason: 'not-yours', code: null, final: true };
  // Cleanup switches the current key on again when somebody rolled back to it.
  if (key.state === 'disabled') return { reason: 'key-disabled', code: null, final: false };
  if (key.state === 'unusable') return { reason: 'key-rejected', code: null, final: true };
  if (key.secretMatches === false) return { reason: 'not-yours', code: null, final: true };
  if (use.outcome === 'rejected') return { reason: 'key-rejected', code: use.code, final: use.final };
  if (use.outcome === 'no-probe') return { reason: 'misconfigured', code: null, final: true };
  return undefined;
}

// It works now. But whoever owns it rotates it, and then it ends here too.
function sharingOf(
  { key }: CheckResult,
  { arn, environment }: ManagedSecret,
  { versionId }: SecretVersion,
): Problem | undefined {
  if (key.state === 'absent') return undefined;
  const owner = ownership(key.mark, markOf(arn, versionId, environment));
  const isTheirs = owner === 'other-secret' || owner === 'other-installation';
  return isTheirs ? { reason: 'shared-key', code: null, final: true } : undefined;
}

// A node may need its time to accept the key; after twice the provider's bound the owner has to know. Two more looks on the way: a message that
// came back too often would end in the dead-letter queue, and nobody would be told.
function retryWithinBounds(rotated: SecretRotated, { provider }: ManagedSecret, { clock }: Deps): void {
  const boundMs = Math.max(provider.config.propagation, provider.config.revocation);
  const toldAt = Date.parse(rotated.metadata.occurredAt);
  const nextLook = [toldAt + boundMs, toldAt + 2 * boundMs].find((at) => at > clock.now());
  if (nextLook === undefined) return;
  throw new TransientError('The current credential is refused so far', { retryAfterMs: nextLook - clock.now() });
}
