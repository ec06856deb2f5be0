import { CredentialDisabled } from '@keyturn/events/credential-disabled';
import { RotationFailed } from '@keyturn/events/rotation-failed';
import { SecretRotated } from '@keyturn/events/secret-rotated';
import type { LocalAws } from '@keyturn/local-aws/local-aws';
import * as z from 'zod';

/** Times in milliseconds since 1970. */
export type Rotation = { readonly versionId: string; readonly startedAt: number; readonly endedAt: number };

/** What an onlooker sees of the stage: the events on its buses and the depth of its queues. */
export type StageView = {
  /** Rotations that ended with a new current key, in order. */
  rotations(): readonly Rotation[];
  /** Versions that were current at some time, the first one first. */
  wereCurrent(): readonly string[];
  failures(): readonly RotationFailed['data'][];
  count(type: string): number;
  /** Secrets Manager has ended the test that follows an adoption; it takes a `keyturn rotate` before that for the same rotation. */
  tested(): boolean;
  deadLetters(): number;
  /** Messages that nobody has handled yet. */
  waiting(): number;
  close(): void;
};

const metadata = z.object({ metadata: z.object({ idempotencyKey: z.string() }) });

/** Each fact once: what is published twice, as two announcers at a time may do, is one fact with one key. */
export function told<Item extends { readonly event: { readonly detail: unknown } }>(
  seen: readonly Item[],
): readonly Item[] {
  const firsts = new Map<string, Item>();
  for (const item of seen) {
    const key = metadata.parse(item.event.detail).metadata.idempotencyKey;
    if (!firsts.has(key)) firsts.set(key, item);
  }
  return [...firsts.values()];
}

type Seen = { readonly event: LocalAws['events'][number]; readonly at: number };

const serviceEvent = z.object({ eventName: z.literal('RotationStarted'), requestID: z.string() });
const testEnded = z.object({ eventName: z.enum(['TestRotationSucceeded', 'TestRotationFailed']) });
const everyMs = 20;

/** `tell` gets a sentence for each thing that happens. */
export function watchStage(aws: LocalAws, firstVersion: string, tell: (text: string) => void): StageView {
  const seen: Seen[] = [];
  const look = () => {
    for (const event of aws.events.slice(seen.length)) {
      seen.push({ event, at: Date.now() });
      const text = event.source === 'keyturn' ? sentences[event['detail-type']]?.(event) : undefined;
      if (text !== undefined) tell(text);
    }
  };
  const looking = setInterval(look, everyMs);
  const keyturn = (type: string) =>
    told(seen.filter(({ event }) => event.source === 'keyturn' && event['detail-type'] === type));
  const rotated = () =>
    keyturn('SecretRotated').map(({ event, at }) => ({ data: SecretRotated.parse(event).data, at }));
  const startedAt = (token: string) =>
    seen.find(({ event }) => serviceEvent.safeParse(event.detail).data?.requestID.endsWith(token) === true)?.at ??
    Number.NaN;

  return {
    rotations: () =>
      rotated()
        .filter(({ data }) => data.cause === 'rotation')
        .map(({ data, at }) => ({ versionId: data.versionId, startedAt: startedAt(data.versionId), endedAt: at })),
    wereCurrent: () => [...new Set([firstVersion, ...rotated().map(({ data }) => data.versionId)])],
    failures: () => keyturn('RotationFailed').map(({ event }) => RotationFailed.parse(event).data),
    count: (type) => keyturn(type).length,
    tested: () => seen.some(({ event }) => testEnded.safeParse(event.detail).success),
    deadLetters: () => depth(aws, (name) => name.endsWith('-dlq')),
    waiting: () => depth(aws, (name) => !name.endsWith('-dlq')),
    close: () => clearInterval(looking),
  };
}

function depth(aws: LocalAws, which: (name: string) => boolean): number {
  const counts = aws.queues.list().flatMap((queue) => (which(queue.name) ? [queue.counts()] : []));
  return counts.reduce((sum, { visible, inFlight, delayed }) => sum + visible + inFlight + delayed, 0);
}

const sentences: Readonly<Record<string, (event: unknown) => string>> = {
  SecretAdopted: () => 'adopted: the hand-made key is marked, the secret tagged, the schedule attached',
  SecretRotated: (event) => {
    const { cause, versionId, oldCredentialValidUntil } = SecretRotated.parse(event).data;
    const until =
      oldCredentialValidUntil === null
        ? ''
        : `; the other key works until ${oldCredentialValidUntil.slice(11, 19)} UTC`;
    return `SecretRotated (${cause}): version ${versionId.slice(0, 8)} is current${until}`;
  },
  RotationFailed: (event) => {
    const { step, reason, liveCredential } = RotationFailed.parse(event).data;
    return `RotationFailed in ${step}: ${reason}; live is the ${liveCredential} key`;
  },
  CredentialVerified: () => 'CredentialVerified: what applications read is accepted',
  VerificationFailed: () => 'VerificationFailed: what applications read is refused',
  CredentialDisabled: (event) =>
    `CredentialDisabled: the key of version ${CredentialDisabled.parse(event).data.versionId.slice(0, 8)} is off`,
  CredentialRetired: () => 'CredentialRetired: it is deleted',
  CredentialRestored: () => 'CredentialRestored: the current key was off and is on again',
  RetirementHeld: () => 'RetirementHeld: an old key has to wait',
  OrphanReaped: () => 'OrphanReaped: the key of the failed rotation is deleted',
};
