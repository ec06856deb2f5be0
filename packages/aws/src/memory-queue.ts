import { longestSendDelayMs, type Consumed, type Queue } from './queue.ts';

type DeadLetter = { readonly body: string; readonly why: Parameters<Consumed['deadLetter']>[1] };
type Delay = { readonly receiptHandle: string; readonly ms: number };

export type MemoryQueue = Queue &
  Consumed & {
    /** What was sent, as a receiver parses it. */
    readonly sent: unknown[];
    /** For how long each of them is kept back, in milliseconds. */
    readonly keptBack: number[];
    readonly deadLetters: DeadLetter[];
    readonly delays: Delay[];
  };

/** A queue, and the consumer's side of one, that keep what they were given. */
export function memoryQueue(): MemoryQueue {
  const sent: unknown[] = [];
  const keptBack: number[] = [];
  const deadLetters: DeadLetter[] = [];
  const delays: Delay[] = [];
  return {
    sent,
    keptBack,
    deadLetters,
    delays,
    send: async (body, { delayMs = 0 } = {}) => {
      sent.push(JSON.parse(JSON.stringify(body)));
      keptBack.push(Math.ceil(Math.min(delayMs, longestSendDelayMs) / 1000) * 1000);
    },
    deadLetter: async (body, why) => void deadLetters.push({ body, why: { ...why } }),
    delay: async (receiptHandle, ms) => void delays.push({ receiptHandle, ms }),
  };
}
