import { actionSent, jsonSent } from './action-sent.ts';
import { ApigeeError } from './apigee-error.ts';
import { appOperations } from './app-operations.ts';
import { appById } from './app-search.ts';
import { type EdgeOperation, edgeOperations } from './edge-description.ts';
import { edgePage } from './edge-error.ts';
import { edgeLists } from './edge-lists.ts';
import { keyOperations } from './key-operations.ts';
import { keyProductOperations } from './key-product-operations.ts';
import { htmlAnswer, type Incoming } from './loopback-server.ts';
import type { Operations, Routes, World } from './management-call.ts';
import { ownerOperations } from './owner-operations.ts';
import { matchPath } from './path-match.ts';
import { statistics } from './statistics.ts';

function performed(world: World): Operations {
  const app = appOperations(world);
  const key = keyOperations(world);
  const product = keyProductOperations(world);
  const lists = edgeLists(world);
  const ofOwner = (noun: string): Operations => ({
    [`edge.${noun}.get`]: ownerOperations(world).get,
    [`edge.${noun}.apps.list`]: lists.ofOwner,
    [`edge.${noun}.apps.get`]: app.get,
    [`edge.${noun}.apps.generate`]: app.generate,
    [`edge.${noun}.apps.update`]: app.update,
    [`edge.${noun}.apps.keys.create`]: key.create,
    [`edge.${noun}.apps.keys.get`]: key.get,
    [`edge.${noun}.apps.keys.update`]: key.update,
    [`edge.${noun}.apps.keys.replace`]: key.replace,
    [`edge.${noun}.apps.keys.delete`]: key.delete,
    [`edge.${noun}.apps.keys.apiproducts.update`]: product.update,
    [`edge.${noun}.apps.keys.apiproducts.delete`]: product.delete,
  });
  return {
    ...ofOwner('developers'),
    ...ofOwner('companies'),
    'edge.apps.list': lists.ofOrganization,
    'edge.apps.get': appById(world),
    'edge.environments.stats.get': statistics(world),
  };
}

/** Edge and OPDK. */
export function edgeRoutes(world: World): Routes {
  const operations = performed(world);
  return ({ method, path }) => {
    const matches = matchPath(edgeOperations, inFull(path));
    const match = matches.find(({ operation }) => operation.method === method);
    const perform = match && operations[match.operation.id];
    if (!match || !perform) {
      const status = matches.length > 0 ? 405 : 404;
      return htmlAnswer(status, edgePage(status));
    }
    const { operation, params } = match;
    return { operation: operation.id, params, read: (incoming) => sentBody(operation, incoming), perform };
  };
}

/** Edge takes `/o/` for `/organizations/` and `/e/` for `/environments/`. */
const inFull = (path: string): string =>
  path.replace(/^\/v1\/o\//u, '/v1/organizations/').replace(/^(\/v1\/organizations\/[^/]+)\/e\//u, '$1/environments/');

function sentBody({ query, body }: EdgeOperation, incoming: Incoming): { body: unknown; fits: boolean } {
  const known = [...incoming.query.keys()].every((name) => query.includes(name));
  const mayAct = query.includes('action');
  if ((mayAct && actionSent(incoming, body !== undefined)) || incoming.body === '') {
    return { body: {}, fits: known };
  }
  if (body === undefined) {
    throw new ApigeeError(400, 'This request has no body');
  }
  const sent = body.takes.safeParse(jsonSent(incoming));
  if (!sent.success) {
    throw new ApigeeError(400, `Invalid JSON in the field ${sent.error.issues[0]?.path.join('.') ?? ''}`);
  }
  return { body: sent.data, fits: known && body.describes.safeParse(sent.data).success };
}
