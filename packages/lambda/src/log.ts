import { Logger } from '@aws-lambda-powertools/logger';

import { describeError } from './describe-error.ts';

/** Names, ids, counts and times; `error` for what was caught. Never an event, a payload or a value of a secret. */
export type LogFields = Readonly<Record<string, unknown>>;

/** One JSON line a message. Only text, numbers and booleans are printed, and of an error what `describeError` lets through. */
export type Log = {
  info(message: string, fields?: LogFields): void;
  warn(message: string, fields?: LogFields): void;
  error(message: string, fields?: LogFields): void;
};

export function logger(service: string): Log {
  const sink = new Logger({ serviceName: service });
  return {
    info: (message, fields) => sink.info(message, printable(fields)),
    warn: (message, fields) => sink.warn(message, printable(fields)),
    error: (message, fields) => sink.error(message, printable(fields)),
  };
}

function printable(fields: LogFields = {}) {
  return Object.fromEntries(Object.entries(fields).map(([name, value]) => [name, printableValue(name, value)]));
}

function printableValue(name: string, value: unknown) {
  // What is caught may be anything, what is logged as another field may not.
  if (name === 'error' || value instanceof Error) return describeError(value);
  if (value === undefined || value === null) return undefined;
  return ['string', 'number', 'boolean'].includes(typeof value) ? value : '[not printed]';
}
