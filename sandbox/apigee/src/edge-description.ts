import { type EdgeBody, edgeBodies } from './edge-body.ts';

/** An operation of Edge's management API, after its public descriptions. */
export type EdgeOperation = {
  /** Its name in the request log. */
  id: string;
  method: string;
  segments: readonly string[];
  /** The query parameters that Edge knows; it passes over all others. */
  query: readonly string[];
  body: EdgeBody | undefined;
};

type Extra = { query?: readonly string[]; body?: EdgeBody };

function operation(id: string, method: string, path: string, { query = [], body }: Extra = {}): EdgeOperation {
  const segments = `v1/organizations/{organizationsId}/${path}`.split('/');
  return { id: `edge.${id}`, method, segments, query, body };
}

/** Developers and companies have the same paths below them. */
function ofOwner(noun: string): EdgeOperation[] {
  const owner = `${noun}/{${noun}Id}`;
  const app = `${owner}/apps/{appsId}`;
  const key = `${app}/keys/{keysId}`;
  const product = `${key}/apiproducts/{apiproductsId}`;
  const { app: appBody, key: keyBody, createdKey } = edgeBodies;
  return [
    operation(`${noun}.get`, 'GET', owner),
    operation(`${noun}.apps.list`, 'GET', `${owner}/apps`, { query: ['expand', 'count', 'startKey'] }),
    operation(`${noun}.apps.get`, 'GET', app),
    operation(`${noun}.apps.generate`, 'POST', app, { query: ['action'], body: appBody }),
    operation(`${noun}.apps.update`, 'PUT', app, { body: appBody }),
    operation(`${noun}.apps.keys.create`, 'POST', `${app}/keys/create`, { body: createdKey }),
    operation(`${noun}.apps.keys.get`, 'GET', key),
    operation(`${noun}.apps.keys.update`, 'POST', key, { query: ['action'], body: keyBody }),
    operation(`${noun}.apps.keys.replace`, 'PUT', key, { body: keyBody }),
    operation(`${noun}.apps.keys.delete`, 'DELETE', key),
    operation(`${noun}.apps.keys.apiproducts.update`, 'POST', product, { query: ['action'] }),
    operation(`${noun}.apps.keys.apiproducts.delete`, 'DELETE', product),
  ];
}

const statsQuery = 'select timeRange timeUnit sortby sort topk filter limit offset tsAscending tzo'.split(' ');

export const edgeOperations: readonly EdgeOperation[] = [
  ...ofOwner('developers'),
  ...ofOwner('companies'),
  operation('apps.list', 'GET', 'apps', { query: ['expand', 'includeCred', 'rows', 'startKey'] }),
  operation('apps.get', 'GET', 'apps/{appsId}'),
  operation('environments.stats.get', 'GET', 'environments/{environmentsId}/stats/{statsId}', { query: statsQuery }),
];
