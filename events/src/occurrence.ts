import type { Envelope } from './define-event.ts';

type Origin = { readonly clock: { now(): number }; readonly newId: () => string };
type About = {
  readonly correlationId: string;
  readonly idempotencyKey: string;
  readonly causationId?: string | undefined;
};

/** The metadata of a fact that is being told now. */
export function occurrence({ clock, newId }: Origin, about: About): Envelope {
  return {
    eventId: newId(),
    occurredAt: new Date(clock.now()).toISOString(),
    correlationId: about.correlationId,
    causationId: about.causationId ?? null,
    idempotencyKey: about.idempotencyKey,
    traceparent: null,
  };
}
