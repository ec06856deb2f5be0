import type { KeyturnEvent } from '@keyturn/events/define-event';

export type EventBus = {
  /**
   * Resolves when the bus has taken the event; TransientError when it has not (PutEvents answers 200 for that too), PermanentError when it
   * never will: malformed (more than 64 KB), access-denied, misconfigured.
   */
  publish(event: KeyturnEvent): Promise<void>;
};
