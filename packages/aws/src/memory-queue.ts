import type { Consumed, Queue } from './queue.ts';

type DeadLetter = { readonly body: string; readonly why: Parameters<Consumed['deadLetter']>[1] };
type Delay = { readonly receiptHandle: string; readonly ms: number };

export type MemoryQueue = Queue &
  Consumed & {
    /** What was sent, as a receiver parses it. */
    readonly sent: unknown[];
    readonly deadLetters: DeadLetter[];
    readonly delays: Delay[];
  };

/** A queue, and the consumer's side of one, that keep what they were given. */
export function memoryQueue(): MemoryQueue {
  const sent: unknown[] = [];
  const deadLetters: DeadLetter[] = [];
  const delays: Delay[] = [];
  return {
    sent,
    deadLetters,
    delays,
    send: async (body) => void sent.push(JSON.parse(JSON.stringify(body))),
    deadLetter: async (body, why) => void deadLetters.push({ body, why: { ...why } }),
    delay: async (receiptHandle, ms) => void delays.push({ receiptHandle, ms }),
  };
}
