import { createRequire } from 'node:module';
import type { IncomingMessage, Server, ServerResponse } from 'node:http';

import * as z from 'zod';

type Dynalite = (options: { createTableMs: number; deleteTableMs: number; updateTableMs: number }) => Server;
/** It ships no types. */
const dynalite = z
  .custom<Dynalite>((value) => typeof value === 'function')
  .parse(createRequire(import.meta.url)('dynalite'));

export type Dynamo = { readonly handle: (request: IncomingMessage, response: ServerResponse) => void };

/** DynamoDB is dynalite in memory. It gets our requests as they came and never listens by itself, so that there is one port. */
export function dynamo(): Dynamo {
  const server = dynalite({ createTableMs: 0, deleteTableMs: 0, updateTableMs: 0 });
  return { handle: (request, response) => void server.emit('request', request, response) };
}
