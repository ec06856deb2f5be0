import { readAnnouncement } from '@keyturn/aws/announcement';
import type { ListedSecret, SecretDescription } from '@keyturn/aws/secret-store';
import { findStuckPending, type StuckPending } from '@keyturn/aws/stuck-pending';
import { entry } from '@keyturn/config/entry';
import { managedSecret, tagNames, type ManagedSecret } from '@keyturn/config/managed-secret';
import { functionNames } from '@keyturn/config/names';
import { timingOf } from '@keyturn/config/timing';
import { PermanentError } from '@keyturn/rotation/errors';

import type { Deps } from './deps.ts';
import { describeIfThere } from './describe-if-there.ts';
import { findConditions, keyAge, twiceMs, type Condition } from './find-conditions.ts';
import { isForeign } from './is-foreign.ts';
import { reportConditions } from './report-conditions.ts';
import { sendHints } from './send-hints.ts';

/** What the look at one secret found. */
export type Watched = {
  readonly hinted: number;
  readonly overdue: boolean;
  readonly keyAgeMs: number;
  readonly stuck: StuckPending | undefined;
};

const nothing: Watched = { hinted: 0, overdue: false, keyAgeMs: 0, stuck: undefined };

/** Looks at one secret as it is now, has others put right what is not, and tells what only people can. */
export async function watchSecret(listed: ListedSecret, delayMs: number, deps: Deps): Promise<Watched> {
  const { rotationHandler } = functionNames(deps.config.stage);
  if (isForeign(listed.lambdaArn, deps.config)) return watchForeign(listed, deps);
  const description = await describeIfThere(listed.arn, deps);
  if (description === undefined || description.deletedAt !== undefined) return nothing;
  if (isForeign(description.rotation.lambdaArn, deps.config)) return watchForeign(listed, deps);

  const announcement = (await readAnnouncement(deps.ledger, listed.arn))?.value;
  const managed = managedOrNot(description, deps);
  const secret = 'mend' in managed ? undefined : managed;
  const isOurs = announcement !== undefined || entry(deps.config.providers, tagOf(description)) !== undefined;
  // Tagged for another stage of this account, which has not attached it yet.
  if (!isOurs) return nothing;
  // What its tags make of it nobody can handle.
  const hinted = secret === undefined ? 0 : await sendHints({ description, announcement, delayMs }, deps);
  const look = { description, secret, announcement };
  // One that was never rotated is in the middle of its adoption.
  const isWrong = 'mend' in managed && announcement !== undefined;
  const wrongTag = isWrong ? [{ why: 'misconfigured', detail: managed.mend, patienceMs: twiceMs } as const] : [];
  const found = [...wrongTag, ...(await findConditions(look, deps))];
  await reportConditions(description, found, deps);
  const { stuckAfterMs } = timingOf(deps.config);
  const stuck = await findStuckPending(description, deps, { rotationHandler, stuckAfterMs });
  return { hinted, overdue: found.length > 0, keyAgeMs: keyAge(look, deps.clock.now()), stuck };
}

async function watchForeign(listed: ListedSecret, deps: Deps): Promise<Watched> {
  if ((await readAnnouncement(deps.ledger, listed.arn)) === undefined) return nothing;
  const found: readonly Condition[] = [{ why: 'foreign-function', patienceMs: foreignPatienceMs }];
  await reportConditions(listed, found, deps);
  return { ...nothing, overdue: true };
}

// The list may be older than the secret: seen twice.
const foreignPatienceMs = 1_800_000;

const tagOf = ({ tags }: SecretDescription): string => entry(tags, tagNames.provider) ?? '';

/** `mend`: the tag that picks nothing the configuration has. */
function managedOrNot(description: SecretDescription, { config }: Deps): ManagedSecret | { readonly mend: string } {
  try {
    return managedSecret(description, config);
  } catch (error) {
    if (error instanceof PermanentError && error.reason === 'misconfigured') return { mend: error.field ?? '' };
    throw error;
  }
}
