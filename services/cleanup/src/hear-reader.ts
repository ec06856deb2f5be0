import { noteAdoption } from '@keyturn/aws/adoption';
import { readAnnouncement } from '@keyturn/aws/announcement';
import { managedSecret } from '@keyturn/config/managed-secret';
import { VersionAdopted } from '@keyturn/events/version-adopted';
import { PermanentError } from '@keyturn/rotation/errors';
import * as z from 'zod';

import type { Deps } from './deps.ts';

/** What a reader says of itself, from another account: untrusted but for `account`, which EventBridge writes. */
export type Said = {
  /** undefined: it cannot be read. */
  readonly event: VersionAdopted | undefined;
  readonly account: string;
  /** When EventBridge took it, or what the sender claims: milliseconds since 1970. */
  readonly at: number;
};

const envelope = z.object({ account: z.string(), time: z.iso.datetime().transform((time) => Date.parse(time)) });

/** Never throws because of what others wrote: whoever may send could fill our dead-letter queue. */
export function parseSaid(body: unknown): Said {
  const sent = envelope.safeParse(body);
  const event = readEvent(body);
  return sent.success
    ? { event, account: sent.data.account, at: sent.data.time }
    : { event: undefined, account: '', at: 0 };
}

function readEvent(body: unknown): VersionAdopted | undefined {
  try {
    return VersionAdopted.parse(body);
  } catch {
    return undefined;
  }
}

/**
 * Notes which version a reader uses by its own word. What was not said by one of the reader's accounts, or is not about the current version of a secret that this
 * reader reads, is dropped and logged: an old word that comes late or again neither moves a reader back nor makes it look alive. TransientError: it comes again.
 */
export async function hearReader({ event, account, at }: Said, deps: Deps): Promise<void> {
  const { ledger, clock, log } = deps;
  if (event === undefined) {
    log.warn('A reader said something that cannot be read', { account });
    return;
  }
  const { secretArn, versionId, reader } = event.data;
  const objection = await findObjection(event, account, deps);
  if (objection !== undefined) {
    log.warn('What a reader said is dropped', { account, because: objection });
    return;
  }
  // A sender may claim any time; the future would keep it alive for ever.
  await noteAdoption(ledger, { secretArn, reader, versionId, at: Math.min(at, clock.now()) });
}

async function findObjection({ data }: VersionAdopted, account: string, deps: Deps): Promise<string | undefined> {
  const { secretArn, versionId, reader } = data;
  // Looked up before AWS is asked about whatever somebody wrote.
  if ((await readAnnouncement(deps.ledger, secretArn)) === undefined) return 'the secret is not managed';
  try {
    const description = await deps.secrets.describe(secretArn);
    const { acknowledging } = managedSecret(description, deps.config).policy;
    const declared = acknowledging.find(({ id }) => id === reader);
    if (declared === undefined) return 'the policy of the secret has no such reader that acknowledges';
    if (!declared.accounts.includes(account)) return 'the account is none of the reader';
    const isCurrent = description.stages.get(versionId)?.includes('AWSCURRENT') === true;
    return isCurrent ? undefined : 'the version is not current';
  } catch (error) {
    // Its owner hears of it from those whose business it is.
    if (error instanceof PermanentError) return error.reason;
    throw error;
  }
}
