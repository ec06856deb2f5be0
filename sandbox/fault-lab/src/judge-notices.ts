import * as z from 'zod';

import type { At } from './fault.ts';
import { hour } from './lab-config.ts';
import type { Shown } from './lab-channels.ts';
import type { Plan } from './play.ts';
import type { World } from './world.ts';

/** Owners hear of each of these, whatever happens. */
const owed = new Set(['RotationFailed', 'VerificationFailed', 'SecretRotated']);
/** The notifier takes an alert for old news where the secret changed so long after it. */
const oldNewsMs = hour;

type Fact = {
  readonly type: string;
  readonly correlationId: string;
  readonly key: string;
  readonly occurredAt: number;
};

/** A message to the notifier: of what, when it came first, and when it was done with. */
type Heard = Fact & { readonly from: number; readonly until: number };

const bodySchema = z.looseObject({
  'detail-type': z.string(),
  detail: z.looseObject({
    metadata: z.looseObject({ correlationId: z.string(), idempotencyKey: z.string(), occurredAt: z.string() }),
  }),
});

/**
 * In the end owners were told of what they have to know, whatever came twice, late or in another order, and not again and again. What the bus lost
 * on the way to the notifier is not the notifier's: it is in the rule's dead-letter queue.
 */
export function judgeNotices(w: World, plan: Plan): void {
  const queue = w.queues.notifier;
  if (queue.waiting() > 0) w.oracle.broken('I12', 'A message to the owner is neither told nor given up');
  if (queue.everDead.length > 0)
    w.oracle.broken('I12', `A message to the owner was given up: ${queue.everDead[0]?.reason}`);
  const heard = queue.messages.flatMap(({ body, arrivesAt, doneAt }) =>
    doneAt === undefined ? [] : [{ ...factIn(JSON.parse(body)), from: arrivesAt, until: doneAt }],
  );
  const facts = w.published.map(factIn);
  const wasSlackDown = plan.intrusions.some(({ who }) => who === 'slack-down');
  for (const message of heard.filter(({ type }) => owed.has(type))) {
    if (isTold(message, w.channels.shown) || isToldBefore(message, heard, w) || isPast(message, facts)) continue;
    if (wasSlackDown && isToldAtLast(message, w.channels.shown)) continue;
    w.oracle.broken('I13', `The owner was not told of ${message.type}`);
  }
  const isLedgerWhole = plan.intrusions.every(({ who }) => !who.startsWith('ledger'));
  const again = repeated(w.channels.shown);
  const allowed = w.calls.struck.filter(({ at }) => callerOf(at, w) === 'notifier').length;
  if (isLedgerWhole && again.length > allowed) w.oracle.broken('I14', `The owner was told twice: ${again[0]}`);
}

function callerOf(at: At, { calls }: World): string | undefined {
  return typeof at === 'number' ? calls.made[at]?.by : at.split('|')[0];
}

function factIn(event: unknown): Fact {
  const { 'detail-type': type, detail } = bodySchema.parse(event);
  const { correlationId, idempotencyKey: key, occurredAt } = detail.metadata;
  return { type, correlationId, key, occurredAt: Date.parse(occurredAt) };
}

/** Something of this story was shown to the owner while the message was dealt with. */
function isTold({ correlationId, from, until }: Heard, shown: readonly Shown[]): boolean {
  return shown.some(
    (one) => one.by !== 'webhook' && one.correlationId === correlationId && one.time >= from && one.time <= until,
  );
}

/** Slack was down, and what began the story's thread there at last tells all of it. */
function isToldAtLast({ correlationId, from }: Heard, shown: readonly Shown[]): boolean {
  const head = shown.find((one) => one.by === 'slack' && one.correlationId === correlationId);
  return head !== undefined && head.time >= from;
}

function isToldBefore({ type, key, correlationId, from }: Heard, heard: readonly Heard[], w: World): boolean {
  // Of a rotation that fails again and again one alert is told.
  const same = heard.filter((one) =>
    type === 'RotationFailed'
      ? one.type === type && one.correlationId === correlationId
      : one.type === type && one.key === key,
  );
  return same.some((one) => one.from < from && isTold(one, w.channels.shown));
}

/** The story had gone past it before it came: a newer change, or a check that found the key accepted. */
function isPast({ type, correlationId, occurredAt, until }: Heard, facts: readonly Fact[]): boolean {
  if (type === 'SecretRotated') return false;
  return facts.some((later) => {
    if (later.occurredAt > until) return false;
    if (later.correlationId !== correlationId)
      return later.type === 'SecretRotated' && later.occurredAt - oldNewsMs > occurredAt;
    return ['SecretRotated', 'CredentialVerified'].includes(later.type) && later.occurredAt >= occurredAt;
  });
}

/** Equal messages after the first, and deliveries of one name. */
function repeated(shown: readonly Shown[]): readonly string[] {
  const seen = new Set<string>();
  return shown
    .filter(({ edit }) => !edit)
    .flatMap(({ by, correlationId, fact, text, about }) => {
      const what = by === 'webhook' ? `webhook ${about}` : `${by} ${correlationId} ${text}`;
      if (!seen.has(what)) {
        seen.add(what);
        return [];
      }
      return [`${fact ?? 'a mail'} by ${by}`];
    });
}
