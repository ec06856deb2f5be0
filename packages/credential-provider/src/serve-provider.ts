import { PermanentError } from '@keyturn/rotation/errors';
import * as z from 'zod';

import type { IssueProvider, RetireProvider } from './credential-provider.ts';
import { errorToWire, fieldOf, protocolVersion } from './wire-reply.ts';
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

/** Payload in, answer out: an adapter's function. Our errors are answers; anything else that is thrown is a bug and leaves the function. */
export type Serve = (payload: unknown) => Promise<unknown>;

/** The operations that issue and look; those that destroy are unknown here. */
export function serveIssue(provider: IssueProvider): Serve {
  return serve([
    served(describeExchange, () => provider.describe()),
    served(locateExchange, (request) => provider.locate(request)),
    served(proposeExchange, (request) => provider.propose(request)),
    served(ensureExchange, (request) => provider.ensure(request)),
    served(markExchange, (request) => provider.mark(request)),
    served(checkExchange, (request) => provider.check(request)),
    served(listExchange, (request) => provider.list(request)),
  ]);
}

/** The operations that destroy, and the list; those that issue are unknown here. */
export function serveRetire(provider: RetireProvider): Serve {
  return serve([
    served(disableExchange, (request) => provider.disable(request)),
    served(enableExchange, (request) => provider.enable(request)),
    served(removeExchange, (request) => provider.remove(request)),
    served(listExchange, (request) => provider.list(request)),
  ]);
}

type Served = { readonly operation: string; readonly run: Serve };

function served<Request, Result>(
  { operation, request, result }: Exchange<Request, Result>,
  answer: (request: Request) => Promise<Result>,
): Served {
  return { operation, run: async (payload) => z.encode(result, await answer(parse(request, payload))) };
}

const envelope = z.object({ version: z.number(), operation: z.string() });

function serve(operations: readonly Served[]): Serve {
  const byName = new Map(operations.map(({ operation, run }) => [operation, run]));
  return async (payload) => {
    try {
      const { version, operation } = parse(envelope, payload);
      if (version !== protocolVersion) throw unsupported('version', 'This version of the protocol is not spoken here');
      const run = byName.get(operation);
      if (run === undefined) throw unsupported('operation', 'This function does not serve the operation');
      return { version: protocolVersion, ok: true, result: await run(payload) };
    } catch (error) {
      const wire = errorToWire(error);
      if (wire === undefined) throw error;
      return { version: protocolVersion, ok: false, error: wire };
    }
  };
}

function parse<Output>(schema: z.ZodType<Output>, payload: unknown): Output {
  const parsed = z.safeParse(schema, payload);
  if (parsed.success) return parsed.data;
  throw new PermanentError('malformed', 'The request to the adapter is not what its operation asks for', {
    field: fieldOf(parsed.error, 'payload'),
    cause: parsed.error,
  });
}

function unsupported(field: string, message: string): PermanentError {
  return new PermanentError('unsupported', message, { field });
}
