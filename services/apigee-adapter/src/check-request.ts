import * as z from 'zod';

import facts from './apigee-x.facts.json' with { type: 'json' };

type Request = {
  readonly method: string;
  /** As sent, query included. */
  readonly url: string;
  readonly contentType: string | undefined;
  readonly body: string;
};

const operations = z
  .array(
    z.object({
      id: z.string(),
      method: z.string(),
      path: z.string(),
      query: z.record(z.string(), z.string()),
      body: z.string().optional(),
    }),
  )
  .parse(facts.operations)
  // `keys/create` is no key of that name.
  .sort((a, b) => a.path.split('{').length - b.path.split('{').length);
const schemas = z.record(z.string(), z.record(z.string(), z.string())).parse(facts.schemas);
const record = z.record(z.string(), z.unknown());

/**
 * For tests: the call of the management API that a request is, and what does not fit its description. A request with `action` has an empty body of
 * type application/octet-stream, any other body is JSON; names that are not described are refused.
 */
export function checkRequest(request: Request): {
  readonly id: string | undefined;
  readonly problem: string | undefined;
} {
  const { pathname, searchParams } = new URL(request.url, 'http://localhost');
  const operation = operations.find(({ method, path }) => method === request.method && matches(path, pathname));
  if (operation === undefined) return { id: undefined, problem: 'there is no such call' };
  const unknown = [...searchParams].find(([name, value]) => !fits(operation.query[name], fromText(value)));
  const problem =
    unknown === undefined
      ? bodyProblem(request, searchParams.get('action'), operation.body)
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

function bodyProblem({ body, contentType }: Request, action: string | null, schema: string | undefined) {
  if (action !== null) {
    if (action !== 'approve' && action !== 'revoke') return 'action is neither approve nor revoke';
    return contentType === 'application/octet-stream' && body === ''
      ? undefined
      : 'with action the body is empty octets';
  }
  if (body === '') return contentType === undefined ? undefined : 'a content type without a body';
  if (schema === undefined) return 'the call has no body';
  if (contentType !== 'application/json') return 'the body is not JSON';
  return valueProblem(schema, JSON.parse(body), '');
}

function valueProblem(type: string, value: unknown, at: string): string | undefined {
  if (type.endsWith('[]')) {
    if (!Array.isArray(value)) return `${at} is not a list`;
    return value
      .map((item, index) => valueProblem(type.slice(0, -2), item, `${at}[${index}]`))
      .find((problem) => problem !== undefined);
  }
  const schema = schemas[type];
  if (schema === undefined) return fits(type, value) ? undefined : `${at} is not of type ${type}`;
  const object = record.safeParse(value);
  if (!object.success) return `${at} is not an object`;
  return Object.entries(object.data)
    .map(([name, field]) => {
      const fieldType = Object.hasOwn(schema, name) ? schema[name] : undefined;
      return fieldType === undefined ? `${at}.${name} is unknown` : valueProblem(fieldType, field, `${at}.${name}`);
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
