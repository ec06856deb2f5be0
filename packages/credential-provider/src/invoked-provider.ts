import { PermanentError } from '@keyturn/rotation/errors';
import * as z from 'zod';

import type { CheckRequest, IssueProvider, RetireProvider, Use } from './credential-provider.ts';
import { redactor } from './redactor.ts';
import { errorFromWire, fieldOf, protocolVersion, replySchema } from './wire-reply.ts';
import {
  checkExchange,
  describeExchange,
  disableExchange,
  enableExchange,
  ensureExchange,
  listExchange,
  locateExchange,
  markExchange,
  proposeExchange,
  removeExchange,
  type Exchange,
} from './wire.ts';

/** Calls a function by its name with a JSON payload and gives its JSON answer; TransientError or PermanentError where there is none. */
export type Invoke = (functionName: string, payload: unknown) => Promise<unknown>;

/** An adapter's issue function as a provider. An answer that does not follow the protocol is PermanentError('provider-answer'). */
export function invokedIssueProvider(invoke: Invoke, functionName: string): IssueProvider {
  const call = caller(invoke, functionName);
  return {
    describe: () => call(describeExchange, {}),
    locate: (request) => call(locateExchange, request),
    propose: (request) => call(proposeExchange, request),
    ensure: (request) => call(ensureExchange, request),
    mark: (request) => call(markExchange, request),
    check: async (request) => {
      const { key, use } = await call(checkExchange, request);
      return { key, use: withoutKey(use, request) };
    },
    list: (request) => call(listExchange, request),
  };
}

/** An adapter's retire function as a provider; answers are judged as those of the issue function. */
export function invokedRetireProvider(invoke: Invoke, functionName: string): RetireProvider {
  const call = caller(invoke, functionName);
  return {
    disable: (request) => call(disableExchange, request),
    enable: (request) => call(enableExchange, request),
    remove: (request) => call(removeExchange, request),
    list: (request) => call(listExchange, request),
  };
}

function caller(invoke: Invoke, functionName: string) {
  return async <Request, Result>(
    { operation, request, result }: Exchange<Request, Result>,
    asked: Request,
  ): Promise<Result> => {
    const question = z.encode(request, asked);
    const answer = await invoke(functionName, { version: protocolVersion, operation, ...question });
    const reply = parse(replySchema, answer, 'answer');
    if (!reply.ok) throw errorFromWire(reply.error, redactor(question));
    return parse(result, reply.result, 'result');
  };
}

function withoutKey(use: Use, request: CheckRequest): Use {
  if (use.outcome !== 'rejected') return use;
  return { ...use, code: redactor(z.encode(checkExchange.request, request))(use.code) };
}

function parse<Output>(schema: z.ZodType<Output>, answer: unknown, whole: string): Output {
  const parsed = z.safeParse(schema, answer);
  if (parsed.success) return parsed.data;
  throw new PermanentError('provider-answer', 'The adapter answers what its protocol does not know', {
    field: fieldOf(parsed.error, whole),
    cause: parsed.error,
  });
}
