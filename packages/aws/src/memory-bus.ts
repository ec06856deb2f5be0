import type { KeyturnEvent } from '@keyturn/events/define-event';

import { busEntry } from './bus-entry.ts';
import type { BusEvent, EventBus } from './event-bus.ts';

/** A bus that keeps what it was given. */
export function memoryBus<Event extends BusEvent = KeyturnEvent>(): EventBus<Event> & { readonly published: Event[] } {
  const published: Event[] = [];
  return {
    published,
    publish: async (event) => {
      busEntry(event);
      published.push(structuredClone(event));
    },
  };
}
