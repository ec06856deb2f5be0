import type { Consumed, Queue } from '@keyturn/aws/queue';
import type { BatchResponse } from '@keyturn/lambda/on-queue';

import type { Calls } from './calls.ts';
import type { DeliveryFault } from './fault.ts';
import { hour, minute } from './lab-config.ts';
import type { Ended } from './processes.ts';
import type { Scheduler } from './scheduler.ts';

type Message = {
  readonly id: string;
  readonly body: string;
  readonly arrivesAt: number;
  received: number;
  delayMs: number | undefined;
  /** When its consumer was done with it. */
  doneAt: number | undefined;
};

/** With what is told of why it came there. */
type DeadLetter = { readonly body: string; readonly reason: string; readonly attributes: string };

export type LabQueue = Queue & {
  /** As the bus puts it there: after a moment, twice, late or never, as the plan says. */
  deliver(body: unknown): void;
  /** Beside every plan: a person sends it, or an archive. */
  put(body: string, delayMs?: number): void;
  readonly consumed: Consumed;
  readonly deadLetters: readonly DeadLetter[];
  /** Also those that came again since. */
  readonly everDead: readonly DeadLetter[];
  /** Everything in the dead-letter queue comes again. */
  redrive(): void;
  /** Messages that are on their way, or come again. */
  waiting(): number;
  /** Every body it ever held. */
  readonly bodies: readonly string[];
  /** Every message it ever held. */
  readonly messages: readonly Pick<Message, 'body' | 'arrivesAt' | 'doneAt'>[];
};

export type Handler = (event: unknown) => Promise<BatchResponse>;

type QueueOptions = {
  /** Of the consumer, which has the queue's name. */
  readonly name: string;
  readonly timeoutMs: number;
  readonly visibilityMs: number;
  /** How often a message is tried before it goes to the dead-letter queue. */
  readonly tries?: number;
  readonly scheduler: Scheduler;
  readonly calls: Calls;
  readonly handler: Handler;
  readonly ended: (end: Ended<unknown>) => void;
  /** A message was tried too often, or will not come within an hour. */
  readonly onUnheard?: (() => void) | undefined;
};

const transitMs = 500;

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

const newMessage = (id: string, body: string, arrivesAt: number): Message => {
  return { id, body, arrivesAt, received: 0, delayMs: undefined, doneAt: undefined };
};

const recordOf = ({ id, body, received }: Message) => {
  return { messageId: id, receiptHandle: id, body, attributes: { ApproximateReceiveCount: String(received) } };
};

/** A queue with its consumer, its visibility timeout and its dead-letter queue. */
export function labQueue(options: QueueOptions): LabQueue {
  const { name, timeoutMs, visibilityMs, tries = 5, scheduler, calls, handler, ended, onUnheard } = options;
  const deadLetters: DeadLetter[] = [];
  const everDead: DeadLetter[] = [];
  const messages: Message[] = [];
  const bodies: string[] = [];
  const inFlight = new Map<string, Message>();
  let waiting = 0;

  function put(body: string, delayMs = transitMs): void {
    bodies.push(body);
    waiting += 1;
    const message = newMessage(`${name}-${messages.length + 1}`, body, scheduler.now() + delayMs);
    messages.push(message);
    scheduler.at(message.arrivesAt, () => receive(message));
  }

  function receive(message: Message): void {
    if (message.received >= tries) {
      die({ body: message.body, reason: 'tries', attributes: '' });
      waiting -= 1;
      onUnheard?.();
      return;
    }
    message.received += 1;
    message.delayMs = undefined;
    inFlight.set(message.id, message);
    const startedAt = scheduler.now();
    scheduler.start(
      name,
      timeoutMs,
      () => handler({ Records: [recordOf(message)] }),
      (end) => {
        ended(end);
        const done = end.how === 'returned' && end.value.batchItemFailures.length === 0;
        if (done) {
          waiting -= 1;
          message.doneAt = scheduler.now();
          return;
        }
        const again = message.delayMs === undefined ? startedAt + visibilityMs : scheduler.now() + message.delayMs;
        scheduler.at(again, () => receive(message));
      },
    );
  }

  function die(letter: DeadLetter): void {
    deadLetters.push(letter);
    everDead.push(letter);
  }

  return {
    put,
    deadLetters,
    everDead,
    messages,
    waiting: () => waiting,
    bodies,
    send: (body, { delayMs = 0 } = {}) =>
      calls.reach(`send to ${name}`, () => put(JSON.stringify(body), transitMs + delayMs)),
    deliver(event) {
      const body = JSON.stringify(event);
      const delays = arrivals(calls.deliver(name));
      for (const delayMs of delays) put(body, delayMs);
      if (delays.every((delayMs) => delayMs > hour)) onUnheard?.();
    },
    redrive() {
      for (const { body } of deadLetters.splice(0)) put(body);
    },
    consumed: {
      deadLetter: (body, why) =>
        calls.reach(`send to ${name}-dlq`, () =>
          die({ body, reason: why.reason, attributes: JSON.stringify({ ...why, message: why.message }) }),
        ),
      delay: (receiptHandle, ms) =>
        calls.reach(`delay in ${name}`, () => {
          const message = inFlight.get(receiptHandle);
          if (message !== undefined) message.delayMs = ms;
        }),
    },
  };
}
