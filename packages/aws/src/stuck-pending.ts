import type { Ledger } from './ledger.ts';
import type { SecretDescription } from './secret-store.ts';
import { readSuperseded, supersededKey } from './supersession.ts';
import type { VersionDates } from './version-dates.ts';

/** A version that has been pending for so long that nobody works on it any more: no rotation can begin until it is out of the way. */
export type StuckPending = {
  readonly versionId: string;
  /** Milliseconds since 1970, by the clock of Secrets Manager. */
  readonly createdAt: number;
  /** `rotate`: RotateSecret makes Secrets Manager go on with it. `drop`: it must not become current, so its label is taken off. */
  readonly cure: 'rotate' | 'drop';
};

type Deps = {
  readonly secrets: { readonly versionDates: VersionDates };
  readonly ledger: Ledger;
  readonly clock: { now(): number };
};
type Judgement = {
  /** The name of the function that rotates the secrets of the stage. */
  readonly rotationHandler: string;
  readonly stuckAfterMs: number;
};

/** The stuck pending version of a secret, if there is one. Nothing more than a description is asked for where nothing is pending. */
export async function findStuckPending(
  description: SecretDescription,
  { secrets, ledger, clock }: Deps,
  { rotationHandler, stuckAfterMs }: Judgement,
): Promise<StuckPending | undefined> {
  const [versionId, labels] = pendingOf(description) ?? [];
  if (versionId === undefined || labels === undefined) return undefined;
  const createdAt = (await secrets.versionDates(description.arn)).get(versionId);
  if (createdAt === undefined || clock.now() - createdAt < stuckAfterMs) return undefined;
  const row = await readSuperseded(ledger, supersededKey(description.arn, versionId));
  const wasCurrent = labels.includes('AWSPREVIOUS') || row?.value.kind === 'superseded';
  const { enabled, lambdaArn } = description.rotation;
  const rotates = enabled && lambdaArn?.split(':')[6] === rotationHandler;
  return { versionId, createdAt, cure: rotates && !wasCurrent ? 'rotate' : 'drop' };
}

// Both labels on one version is how a rotation may end: nothing is pending then.
function pendingOf({ stages }: SecretDescription) {
  return [...stages].find(([, labels]) => labels.includes('AWSPENDING') && !labels.includes('AWSCURRENT'));
}
