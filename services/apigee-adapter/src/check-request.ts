import * as z from 'zod';

import type { ApigeeConfig } from '@keyturn/config/config';

import edge from './apigee-edge.facts.json' with { type: 'json' };
import google from './apigee-x.facts.json' with { type: 'json' };

type Request = {
  readonly method: string;
  /** As sent, query included. */
  readonly url: string;
  readonly contentType: string | undefined;
  readonly body: string;
};

const description = z.object({
  operations: z
    .array(
      z.object({
        id: z.string(),
        method: z.string(),
        path: z.string(),
        query: z.record(z.string(), z.string()),
        body: z.string().optional(),
      }),
    )
    // `keys/create` is no key of that name.
    .transform((all) => all.toSorted((a, b) => a.path.split('{').length - b.path.split('{').length)),
  schemas: z.record(z.string(), z.record(z.string(), z.string())),
});
type Schemas = z.output<typeof description>['schemas'];
const descriptions = { google: description.parse(google), edge: description.parse(edge) };

const record = z.record(z.string(), z.unknown());

/**
 * For tests: the call of the management API that a request is, and what does not fit its description. A request with `action` has an empty body of
 * type application/octet-stream, any other body is JSON; names that are not described are refused.
 */
export function checkRequest(
  request: Request,
  flavour: ApigeeConfig['flavour'] = 'x',
): { readonly id: string | undefined; readonly problem: string | undefined } {
  const { operations, schemas } = descriptions[flavour === 'x' || flavour === 'hybrid' ? 'google' : 'edge'];
  const { pathname, searchParams } = new URL(request.url, 'http://localhost');
  const operation = operations.find(({ method, path }) => method === request.method && matches(path, pathname));
  if (operation === undefined) return { id: undefined, problem: 'there is no such call' };
  const unknown = [...searchParams].find(([name, value]) => !fits(operation.query[name], fromText(value)));
  const problem =
    unknown === undefined
      ? bodyProblem(request, searchParams.get('action'), { type: operation.body, schemas })
      : `query parameter ${unknown[0]} is unknown or of another type`;
  return { id: operation.id, problem };
}

function matches(path: string, pathname: string): boolean {
  const wanted = path.split('/');
  const sent = pathname.split('/');
  return (
    wanted.length === sent.length &&
    wanted.every((part, index) => (part.startsWith('{') ? (sent[index] ?? '') !== '' : part === sent[index]))
  );
}

type Described = { readonly type: string | undefined; readonly schemas: Schemas };

function bodyProblem({ body, contentType }: Request, action: string | null, { type, schemas }: Described) {
  if (action !== null) {
    if (action !== 'approve' && action !== 'revoke') return 'action is neither approve nor revoke';
    return contentType === 'application/octet-stream' && body === ''
      ? undefined
      : 'with action the body is empty octets';
  }
  if (body === '') return contentType === undefined ? undefined : 'a content type without a body';
  if (type === undefined) return 'the call has no body';
  if (contentType !== 'application/json') return 'the body is not JSON';
  return valueProblem(schemas, type, JSON.parse(body), '');
}

function valueProblem(schemas: Schemas, type: string, value: unknown, at: string): string | undefined {
  if (type.endsWith('[]')) {
    if (!Array.isArray(value)) return `${at} is not a list`;
    return value
      .map((item, index) => valueProblem(schemas, type.slice(0, -2), item, `${at}[${index}]`))
      .find((problem) => problem !== undefined);
  }
  const schema = schemas[type];
  if (schema === undefined) return fits(type, value) ? undefined : `${at} is not of type ${type}`;
  const object = record.safeParse(value);
  if (!object.success) return `${at} is not an object`;
  return Object.entries(object.data)
    .map(([name, field]) => {
      const fieldType = Object.hasOwn(schema, name) ? schema[name] : undefined;
      return fieldType === undefined
        ? `${at}.${name} is unknown`
        : valueProblem(schemas, fieldType, field, `${at}.${name}`);
    })
    .find((problem) => problem !== undefined);
}

function fits(type: string | undefined, value: unknown): boolean {
  if (type === 'any') return true;
  if (type === 'int64') return typeof value === 'string' && /^-?\d+$/.test(value);
  if (type === 'integer') return Number.isInteger(value);
  return type !== undefined && typeof value === type;
}

// A query has nothing but texts.
function fromText(value: string): unknown {
  if (value === 'true' || value === 'false') return value === 'true';
  return /^\d+$/.test(value) ? Number(value) : value;
}
