import { PutEventsCommand, type EventBridgeClient, type PutEventsRequestEntry } from '@aws-sdk/client-eventbridge';
import type { KeyturnEvent } from '@keyturn/events/define-event';
import type { Clock } from '@keyturn/rotation/clock';
import { PermanentError, TransientError, type Reason } from '@keyturn/rotation/errors';

import { awsCall } from './aws-call.ts';
import { ourError } from './aws-error.ts';
import { busEntry } from './bus-entry.ts';
import type { BusEvent, EventBus } from './event-bus.ts';

export type EventBridgeBusOptions = {
  readonly client: EventBridgeClient;
  readonly busName: string;
  readonly clock: Clock;
  /** The X-Ray header of the present invocation; it differs from one to the next. */
  readonly traceHeader?: (() => string | undefined) | undefined;
};

const attempts = 4;
const firstPauseMs = 100;

export function eventBridgeBus<Event extends BusEvent = KeyturnEvent>({
  client,
  busName,
  clock,
  traceHeader,
}: EventBridgeBusOptions): EventBus<Event> {
  return {
    async publish(event) {
      const entry = { ...busEntry(event), EventBusName: busName, TraceHeader: traceHeader?.() };
      // PutEvents answers 200 for an entry that it did not take, and the SDK does not try that again.
      for (let attempt = 1; ; attempt += 1) {
        const refusal = await putEntry(client, entry);
        if (refusal === undefined) return;
        const reason = finalReason(refusal);
        if (reason !== undefined) throw new PermanentError(reason, `PutEvents: ${refusal}`, { field: 'BUS_NAME' });
        if (attempt === attempts) throw new TransientError(`PutEvents: ${refusal}, ${attempts} times`);
        await clock.sleep(firstPauseMs * 2 ** (attempt - 1));
      }
    },
  };
}

/** The entry's error code, or undefined where the bus has taken it. */
async function putEntry(client: EventBridgeClient, entry: PutEventsRequestEntry): Promise<string | undefined> {
  const command = new PutEventsCommand({ Entries: [entry] });
  const answer = await awsCall(
    'PutEvents',
    () => client.send(command),
    (failure) => {
      throw ourError(failure, 'BUS_NAME');
    },
  );
  const [result] = answer.Entries ?? [];
  if (result?.EventId !== undefined) return undefined;
  const code = result?.ErrorCode ?? 'no answer for the entry';
  return /^[\w .-]{1,100}$/.test(code) ? code : 'an unreadable code';
}

// The rest (ThrottlingException, InternalFailure, …) passes.
function finalReason(code: string): Reason | undefined {
  if (/^(AccessDenied|NotAuthorized)/.test(code)) return 'access-denied';
  return /^(Invalid|Malformed)/.test(code) ? 'misconfigured' : undefined;
}
