import type { CheckResult } from '@keyturn/credential-provider/credential-provider';
import { proveOwnership } from '@keyturn/credential-provider/ownership-proof';
import type { Credential } from '@keyturn/rotation/credential';
import { PendingError, PermanentError } from '@keyturn/rotation/errors';
import { markOf } from '@keyturn/rotation/mark';
import { vetSecret } from '@keyturn/rotation/shape';

import { credentialsOf, readCurrent, readPending, type Deps, type Rotation } from './rotation.ts';

/** Longer hold-offs do not fit into one invocation of 15 minutes: they are waited for between Secrets Manager's own retries. */
const longestHoldOffMs = 600_000;
/** Two checks, each as long as the adapter may take: whoever begins them later than this before the deadline dies in them. */
const reserveMs = 200_000;
const firstPauseMs = 250;
const longestPauseMs = 10_000;

/**
 * Proves that every node accepts the pending credential, and that the proof means something: a random key has to be refused. A pending value
 * that equals the current one is AWS's dry run of a new schedule: the live credential is checked and nothing is made.
 */
export async function testSecret(rotation: Rotation, deps: Deps): Promise<void> {
  const current = await readCurrent(rotation, deps);
  const pending = await readPending(rotation, deps);
  const dryRun = pending.text.reveal() === current.text.reveal();
  // Nothing was issued yet, so there is nothing to check but the shape.
  if (dryRun && vetSecret(rotation.secret.shape, current) === undefined) return;
  const credentials = credentialsOf(rotation, pending, current);

  if (!dryRun) await holdOff(rotation, deps, credentials.pending);
  const versionId = dryRun ? current.versionId : pending.versionId;
  await proveAccepted(rotation, deps, { credential: credentials.pending, versionId });
  await proveRefusal(rotation, credentials.pending);
}

async function holdOff({ secret, provider }: Rotation, { clock }: Deps, credential: Credential): Promise<void> {
  const { holdOffMs, acceptOutage } = secret.policy;
  // Where the old key has ended, to wait helps nobody: a node that knows the new one is better than none. The tag may name another policy since the key was made.
  if (acceptOutage && (await provider.describe()).overlap === 'none') return;
  if (holdOffMs <= longestHoldOffMs) {
    await clock.sleep(holdOffMs);
    return;
  }
  const { key } = await provider.check({ target: secret.target, credential, probe: 'none', times: 1 });
  const issuedAt = key.state === 'absent' ? undefined : key.issuedAt;
  if (key.state !== 'absent' && issuedAt === undefined) {
    throw new PermanentError(
      'unsupported',
      'The provider does not tell when a key was issued, so a hold-off over ten minutes cannot be kept',
      {
        field: `policies.${secret.policy.id}.holdOff`,
      },
    );
  }
  if (issuedAt === undefined || clock.now() - issuedAt < holdOffMs) {
    throw new PendingError('The hold-off of the new key is not over');
  }
}

type Tested = { readonly credential: Credential; readonly versionId: string };

// One refusal starts the row of accepts anew: it takes all of them, on fresh connections, to believe that every node knows the key.
async function proveAccepted(rotation: Rotation, { clock }: Deps, tested: Tested): Promise<void> {
  const { secret, provider, deadline } = rotation;
  const { policy, target } = secret;
  const { probe } = policy;
  for (let pauseMs = firstPauseMs; ; pauseMs = Math.min(pauseMs * 2, longestPauseMs)) {
    const check = await provider.check({ target, credential: tested.credential, probe, times: policy.accepts });
    if (judge(check, rotation, tested.versionId) === 'accepted') return;
    if (clock.now() + pauseMs + reserveMs > deadline) throw new PendingError('Some nodes refuse the new key still');
    await clock.sleep(pauseMs);
  }
}

/** Throws where waiting does not help. */
export function judge(check: CheckResult, { secret }: Rotation, versionId: string): 'accepted' | 'not-yet' {
  proveOwnership({ check, mark: markOf(secret.arn, versionId, secret.environment) });
  const { key, use } = check;
  if (key.state === 'unusable') {
    throw new PermanentError('key-rejected', 'The key has expired, or what it belongs to is switched off', {
      field: secret.target,
    });
  }
  if (use.outcome === 'no-probe') {
    throw new PermanentError('misconfigured', 'No probe is configured for the target, and the policy asks for one', {
      field: `providers.${secret.provider.id}.probes`,
    });
  }
  if (use.outcome !== 'rejected') return 'accepted';
  if (use.final)
    throw new PermanentError('key-rejected', `The provider refuses the key: ${use.code}`, { field: use.code });
  return 'not-yet';
}

async function proveRefusal({ secret, provider }: Rotation, credential: Credential): Promise<void> {
  if (secret.policy.verification === 'controlPlane') return;
  const { use } = await provider.check({ target: secret.target, credential, probe: 'random', times: 1 });
  if (use.outcome === 'rejected') return;
  throw new PermanentError('accepts-anything', 'The probe accepts a random key, so it proves nothing', {
    field: `providers.${secret.provider.id}.probes`,
  });
}
