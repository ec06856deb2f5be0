import type { KeyturnEvent } from '@keyturn/events/define-event';

import { busEntry } from './bus-entry.ts';
import type { EventBus } from './event-bus.ts';

/** A bus that keeps what it was given. */
export function memoryBus(): EventBus & { readonly published: KeyturnEvent[] } {
  const published: KeyturnEvent[] = [];
  return {
    published,
    publish: async (event) => {
      busEntry(event);
      published.push(structuredClone(event));
    },
  };
}
