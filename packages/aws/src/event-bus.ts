import type { KeyturnEvent } from '@keyturn/events/define-event';

export type EventBus = {
  /** Resolves when the bus has taken the event; TransientError when it has not (PutEvents answers 200 for that too). */
  publish(event: KeyturnEvent): Promise<void>;
};
