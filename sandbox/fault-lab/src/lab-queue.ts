import type { Consumed, Queue } from '@keyturn/aws/queue';
import type { BatchResponse } from '@keyturn/lambda/on-queue';

import type { Calls } from './calls.ts';
import type { DeliveryFault } from './fault.ts';
import { hour, minute } from './lab-config.ts';
import type { Scheduler } from './scheduler.ts';

type Message = { readonly id: string; readonly body: string; received: number; delayMs: number | undefined };

export type LabQueue = Queue & {
  /** As the bus puts it there: after a moment, twice, late or never, as the plan says. */
  deliver(body: unknown): void;
  /** Beside every plan: a person sends it, or an archive. */
  put(body: string, delayMs?: number): void;
  readonly consumed: Consumed;
  readonly deadLetters: readonly { readonly body: string; readonly reason: string }[];
  /** Everything in the dead-letter queue comes again. */
  redrive(): void;
  /** Messages that are on their way, or come again. */
  waiting(): number;
  /** Every body it ever held. */
  readonly bodies: readonly string[];
};

export type Handler = (event: unknown) => Promise<BatchResponse>;

type QueueOptions = {
  /** Of the consumer, which has the queue's name. */
  readonly name: string;
  readonly timeoutMs: number;
  readonly visibilityMs: number;
  readonly scheduler: Scheduler;
  readonly calls: Calls;
  readonly handler: Handler;
};

const transitMs = 500;
const tries = 5;

/** After which times a message arrives, in milliseconds. */
function arrivals(fate: DeliveryFault | 'delivered'): readonly number[] {
  switch (fate) {
    case 'lost':
      return [];
    case 'delivered':
      return [transitMs];
    case 'doubled':
      return [transitMs, transitMs + 3 * minute];
    case 'overtaken':
      return [2 * hour + 10 * minute];
    case 'replayed':
      return [transitMs, 9 * hour];
  }
}

/** A queue with its consumer, its visibility timeout and its dead-letter queue: a message is tried five times. */
export function labQueue({ name, timeoutMs, visibilityMs, scheduler, calls, handler }: QueueOptions): LabQueue {
  const deadLetters: { body: string; reason: string }[] = [];
  const bodies: string[] = [];
  const inFlight = new Map<string, Message>();
  let ids = 0;
  let waiting = 0;

  function put(body: string, delayMs = transitMs): void {
    bodies.push(body);
    waiting += 1;
    const message = { id: `${name}-${(ids += 1)}`, body, received: 0, delayMs: undefined };
    scheduler.at(scheduler.now() + delayMs, () => receive(message));
  }

  function receive(message: Message): void {
    if (message.received >= tries) {
      deadLetters.push({ body: message.body, reason: 'tries' });
      waiting -= 1;
      return;
    }
    message.received += 1;
    message.delayMs = undefined;
    inFlight.set(message.id, message);
    const record = {
      messageId: message.id,
      receiptHandle: message.id,
      body: message.body,
      attributes: { ApproximateReceiveCount: String(message.received) },
    };
    const startedAt = scheduler.now();
    scheduler.start(
      name,
      timeoutMs,
      () => handler({ Records: [record] }),
      (end) => {
        const done = end.how === 'returned' && end.value.batchItemFailures.length === 0;
        if (done) waiting -= 1;
        if (done) return;
        const again = message.delayMs === undefined ? startedAt + visibilityMs : scheduler.now() + message.delayMs;
        scheduler.at(again, () => receive(message));
      },
    );
  }

  return {
    put,
    deadLetters,
    waiting: () => waiting,
    bodies,
    send: (body, { delayMs = 0 } = {}) =>
      calls.reach(`send to ${name}`, () => put(JSON.stringify(body), transitMs + delayMs)),
    deliver(event) {
      const body = JSON.stringify(event);
      for (const delayMs of arrivals(calls.deliver(name))) put(body, delayMs);
    },
    redrive() {
      for (const { body } of deadLetters.splice(0)) put(body);
    },
    consumed: {
      deadLetter: (body, { reason }) =>
        calls.reach(`send to ${name}-dlq`, () => void deadLetters.push({ body, reason })),
      delay: (receiptHandle, ms) =>
        calls.reach(`delay in ${name}`, () => {
          const message = inFlight.get(receiptHandle);
          if (message !== undefined) message.delayMs = ms;
        }),
    },
  };
}
