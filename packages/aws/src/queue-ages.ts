/**
 * How old the oldest message of a queue is, in milliseconds, as it was measured in the last quarter of an hour; undefined: not measured, as of a queue that
 * nobody used for hours. TransientError, PermanentError('access-denied').
 */
export type QueueAges = (queueName: string) => Promise<number | undefined>;
