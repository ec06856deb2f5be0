import { actionSent, jsonSent } from './action-sent.ts';
import { ApigeeError } from './apigee-error.ts';
import { appGroupOperations } from './app-group-operations.ts';
import { appOperations } from './app-operations.ts';
import { appById, appSearch } from './app-search.ts';
import { developerOperations } from './developer-operations.ts';
import { type Described, operationOf, queryFault } from './discovery.ts';
import { googlePage } from './google-error.ts';
import { keyOperations } from './key-operations.ts';
import { keyProductOperations } from './key-product-operations.ts';
import { htmlAnswer, type Incoming } from './loopback-server.ts';
import type { Operation, Operations, Routes, World } from './management-call.ts';
import { ownerOperations } from './owner-operations.ts';
import { bodyFault } from './schema-check.ts';
import { statistics } from './statistics.ts';

const inMs = 1;
const inSeconds = 1000;

function googleOperations(world: World): Operations {
  const owner = ownerOperations(world);
  const developerApp = appOperations(world, inMs);
  const groupApp = appOperations(world, inSeconds);
  const group = appGroupOperations(world);
  const key = keyOperations(world);
  const product = keyProductOperations(world);
  const org = 'apigee.organizations';
  const developerApps = `${org}.developers.apps`;
  const groupApps = `${org}.appgroups.apps`;
  return {
    [`${org}.developers.get`]: owner.get,
    [`${developerApps}.list`]: developerOperations(world).listApps,
    [`${developerApps}.get`]: developerApp.get,
    [`${developerApps}.generateKeyPairOrUpdateDeveloperAppStatus`]: developerApp.generate,
    [`${developerApps}.update`]: developerApp.update,
    [`${developerApps}.keys.create`]: key.create,
    [`${developerApps}.keys.create.create`]: key.create,
    [`${developerApps}.keys.get`]: key.get,
    [`${developerApps}.keys.updateDeveloperAppKey`]: key.update,
    [`${developerApps}.keys.replaceDeveloperAppKey`]: key.replace,
    [`${developerApps}.keys.delete`]: key.delete,
    [`${developerApps}.keys.apiproducts.updateDeveloperAppKeyApiProduct`]: product.update,
    [`${developerApps}.keys.apiproducts.delete`]: product.delete,
    [`${org}.appgroups.get`]: owner.get,
    [`${groupApps}.list`]: group.listApps,
    [`${groupApps}.get`]: groupApp.get,
    [`${groupApps}.update`]: groupApp.update,
    [`${groupApps}.keys.create`]: key.create,
    [`${groupApps}.keys.get`]: key.get,
    [`${groupApps}.keys.updateAppGroupAppKey`]: group.updateKey,
    [`${groupApps}.keys.delete`]: key.delete,
    [`${groupApps}.keys.apiproducts.updateAppGroupAppKeyApiProduct`]: product.update,
    [`${groupApps}.keys.apiproducts.delete`]: product.delete,
    [`${org}.apps.list`]: appSearch(world).list,
    [`${org}.apps.get`]: appById(world),
    [`${org}.environments.stats.get`]: statistics(world),
  };
}

/** X and hybrid: the discovery document decides what is a request at all, and no answer may break it. */
export function googleRoutes(world: World): Routes {
  const operations = googleOperations(world);
  return ({ method, path }) => {
    const match = operationOf(method, path);
    if (match === undefined) {
      return htmlAnswer(404, googlePage(404));
    }
    const { operation: described, params } = match;
    return {
      operation: described.id,
      params,
      read: (incoming) => ({ body: sentBody(described, incoming), fits: true }),
      perform: checked(described, operations[described.id]),
    };
  };
}

function checked(described: Described, perform: Operation | undefined): Operation {
  return (call) => {
    if (perform === undefined) {
      throw new ApigeeError(501, `The simulator does not know ${described.id}`);
    }
    const answer = perform(call);
    const fault = answer.body && bodyFault(described.response, JSON.parse(answer.body), 'answer');
    if (fault) {
      throw new Error(`The simulator's own answer to ${described.id} breaks the discovery document: ${fault}`);
    }
    return answer;
  };
}

const badRequest = (description: string): ApigeeError => new ApigeeError(400, description, { google: 'bad-request' });

function sentBody(described: Described, incoming: Incoming): unknown {
  const fault = queryFault(described, incoming.query);
  if (fault !== undefined) {
    throw badRequest(fault);
  }
  const mayAct = incoming.method !== 'GET' && described.query.has('action');
  if ((mayAct && actionSent(incoming, described.request !== undefined)) || incoming.body === '') {
    return {};
  }
  if (described.request === undefined) {
    throw badRequest('Invalid JSON payload received. The request has no body.');
  }
  const body = jsonSent(incoming);
  const wrong = bodyFault(described.request, body, 'request');
  if (wrong !== undefined) {
    throw badRequest(wrong);
  }
  return body;
}
