import * as z from 'zod';
import facts from './apigee-x-apps.openapi.json' with { type: 'json' };
import { type Match, matchPath } from './path-match.ts';

const Named = z.object({ $ref: z.string() }).transform(({ $ref }) => $ref.slice($ref.lastIndexOf('/') + 1));
const JsonContent = z.object({ content: z.object({ 'application/json': z.object({ schema: Named }) }) });
const Method = z.object({
  operationId: z.string(),
  parameters: z.array(
    z.object({ name: z.string(), in: z.enum(['path', 'query']), schema: z.object({ type: z.string() }) }),
  ),
  requestBody: JsonContent.optional(),
  responses: z.object({ '200': JsonContent }),
});

/** An operation as the discovery document describes it. */
export type Described = {
  /** The discovery document's method id. */
  id: string;
  method: string;
  /** Path segments; a parameter is in braces. */
  segments: readonly string[];
  /** Type by name. */
  query: ReadonlyMap<string, string>;
  request: string | undefined;
  response: string;
};

const operations: readonly Described[] = Object.entries(facts.paths).flatMap(([path, methods]) =>
  Object.entries(methods).map(([method, described]) => {
    const { operationId, parameters, requestBody, responses } = Method.parse(described);
    const inQuery = parameters.filter((parameter) => parameter.in === 'query');
    return {
      id: operationId,
      method: method.toUpperCase(),
      segments: path.split('/').slice(1),
      query: new Map(inQuery.map(({ name, schema }) => [name, schema.type])),
      request: requestBody?.content['application/json'].schema,
      response: responses['200'].content['application/json'].schema,
    };
  }),
);

/** The operation of the discovery document that this path names. */
export const operationOf = (method: string, path: string): Match<Described> | undefined =>
  matchPath(operations, path).find(({ operation }) => operation.method === method);

/** Query names that Google takes on every method. */
const standardNames = new Set(
  '$.xgafv access_token alt callback fields key oauth_token prettyPrint quotaUser uploadType upload_protocol'.split(
    ' ',
  ),
);
const queryForms: Record<string, RegExp> = { integer: /^-?\d+$/u, boolean: /^(?:true|false)$/u };

/** What Google would find wrong with the query, undefined when nothing. */
export function queryFault(operation: Described, query: URLSearchParams): string | undefined {
  for (const [name, value] of query) {
    const type = operation.query.get(name);
    if (type === undefined && !standardNames.has(name)) {
      return `Invalid JSON payload received. Unknown name "${name}": Cannot bind query parameter. Field '${name}' could not be found in request message.`;
    }
    if (type !== undefined && queryForms[type]?.test(value) === false) {
      return `Invalid value at '${name}' (TYPE_${type.toUpperCase()}), "${value}"`;
    }
  }
  return undefined;
}
