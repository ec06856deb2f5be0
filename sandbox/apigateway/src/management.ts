import type { Answer, Incoming } from '@keyturn/apigee-simulator/loopback-server';
import type { Served } from '@keyturn/apigee-simulator/surface';

import { Refused, refusal } from './aws-words.ts';
import {
  createApiKey,
  deleteApiKey,
  getApiKey,
  getApiKeys,
  tagResource,
  updateApiKey,
  type KeyMeans,
} from './key-operations.ts';
import {
  createUsagePlanKey,
  deleteUsagePlanKey,
  getUsage,
  getUsagePlan,
  getUsagePlans,
  type PlanMeans,
} from './plan-operations.ts';

type Means = KeyMeans & PlanMeans;
type Params = readonly string[];
type Route = {
  readonly operation: string;
  readonly method: string;
  readonly path: RegExp;
  readonly perform: (params: Params, incoming: Incoming, means: Means) => Answer;
};

const routes: readonly Route[] = [
  route('CreateApiKey', 'POST', '/apikeys', (_, incoming, means) => createApiKey(incoming, means)),
  route('GetApiKeys', 'GET', '/apikeys', (_, incoming, means) => getApiKeys(incoming, means)),
  route('GetApiKey', 'GET', '/apikeys/*', ([id = ''], incoming, means) => getApiKey(id, incoming, means)),
  route('UpdateApiKey', 'PATCH', '/apikeys/*', ([id = ''], incoming, means) => updateApiKey(id, incoming, means)),
  route('DeleteApiKey', 'DELETE', '/apikeys/*', ([id = ''], _, means) => deleteApiKey(id, means)),
  route('TagResource', 'PUT', '/tags/*', ([arn = ''], incoming, means) => tagResource(arn, incoming, means)),
  route('GetUsagePlans', 'GET', '/usageplans', (_, incoming, means) => getUsagePlans(incoming, means)),
  route('GetUsagePlan', 'GET', '/usageplans/*', ([id = ''], _, means) => getUsagePlan(id, means)),
  route('GetUsage', 'GET', '/usageplans/*/usage', ([id = ''], incoming, means) => getUsage(id, incoming, means)),
  route('CreateUsagePlanKey', 'POST', '/usageplans/*/keys', ([id = ''], incoming, means) =>
    createUsagePlanKey(id, incoming, means),
  ),
  route('DeleteUsagePlanKey', 'DELETE', '/usageplans/*/keys/*', ([id = '', key = ''], _, means) =>
    deleteUsagePlanKey(id, key, means),
  ),
];

function route(operation: string, method: string, path: string, perform: Route['perform']): Route {
  return { operation, method, path: new RegExp(`^${path.replaceAll('*', '([^/]+)')}$`), perform };
}

/** The control plane: the operations of keys and usage plans that an adapter needs, and no other. */
export function management(means: Means): (incoming: Incoming) => Served {
  return (incoming) => {
    const found = routes.find(({ method, path }) => method === incoming.method && path.test(incoming.path));
    if (found === undefined) {
      return {
        answer: refusal(new Refused(403, 'MissingAuthenticationTokenException', 'Missing Authentication Token')),
      };
    }
    const { operation } = found;
    try {
      if (!/^AWS4-HMAC-SHA256 Credential=\S+\/apigateway\/aws4_request/.test(incoming.headers.authorization ?? '')) {
        throw new Refused(403, 'MissingAuthenticationTokenException', 'Missing Authentication Token');
      }
      const params = found.path.exec(incoming.path)?.slice(1).map(decodeURIComponent) ?? [];
      return { operation, answer: found.perform(params, incoming, means) };
    } catch (error) {
      if (!(error instanceof Refused)) throw error;
      return { operation, answer: refusal(error) };
    }
  };
}
