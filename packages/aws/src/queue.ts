/** Sending to a queue of ours. `delayMs`: nobody receives it before, by whole seconds and 15 minutes at most. */
export type Queue = {
  send(body: Readonly<Record<string, unknown>>, options?: { readonly delayMs?: number }): Promise<void>;
};

/** SQS keeps no message back for longer. */
export const longestSendDelayMs = 900_000;

/** What the consumer of a queue does with a message besides handling it. */
export type Consumed = {
  /** Moves a message that nobody can handle to the dead-letter queue now, with its reason as attribute, instead of after five more tries. */
  deadLetter(body: string, why: { reason: string; field: string | undefined; message: string }): Promise<void>;
  /** Hides the message for so long. */
  delay(receiptHandle: string, ms: number): Promise<void>;
};
