/** Sending to a queue of ours. */
export type Queue = { send(body: Readonly<Record<string, unknown>>): Promise<void> };

/** What the consumer of a queue does with a message besides handling it. */
export type Consumed = {
  /** Moves a message that nobody can handle to the dead-letter queue now, with its reason as attribute, instead of after five more tries. */
  deadLetter(body: string, why: { reason: string; field: string | undefined; message: string }): Promise<void>;
  /** Hides the message for so long. */
  delay(receiptHandle: string, ms: number): Promise<void>;
};
