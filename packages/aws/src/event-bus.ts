import type { KeyturnEvent } from '@keyturn/events/define-event';

/** What any bus takes. */
export type BusEvent = {
  readonly source: string;
  readonly 'detail-type': string;
  readonly resources: readonly string[];
  readonly detail: object;
};

export type EventBus<Event extends BusEvent = KeyturnEvent> = {
  /**
   * Resolves when the bus has taken the event; TransientError when it has not (PutEvents answers 200 for that too), PermanentError when it
   * never will: malformed (more than 64 KB), access-denied, misconfigured.
   */
  publish(event: Event): Promise<void>;
};
