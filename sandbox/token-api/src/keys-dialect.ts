import { type Answer, type Incoming, jsonAnswer } from '@keyturn/apigee-simulator/loopback-server';
import * as z from 'zod';

import {
  bearerOf,
  type Dialect,
  empty,
  header,
  iso,
  jsonOf,
  type Operation,
  operation,
  performed,
  readOrWrite,
  type World,
} from './dialect.ts';
import type { Right } from './simulator.ts';
import type { Token } from './token-store.ts';

const Create = z.object({ name: z.string().min(1).max(200), scopes: z.array(z.string()).optional() });
const Change = z.object({
  name: z.string().min(1).max(200).optional(),
  enabled: z.boolean().optional(),
  scopes: z.array(z.string()).optional(),
});

const codes: Readonly<Record<number, string>> = {
  400: 'invalid_request',
  401: 'unauthorized',
  403: 'forbidden',
  404: 'not_found',
  405: 'method_not_allowed',
  409: 'key_limit_reached',
  422: 'invalid_field',
  429: 'rate_limited',
  503: 'unavailable',
};
const failed = (status: number, code = codes[status] ?? 'error', field?: string): Answer =>
  jsonAnswer(status, { error: { code, message: `The request failed: ${code}`, field } });
const malformed = (error: z.ZodError): Answer => failed(422, 'invalid_field', error.issues[0]?.path.join('.'));

/** An API that nobody in particular has: many keys to a project, each told once, disabled and enabled by a PATCH. */
export function keysDialect(world: World): Dialect {
  const { fresh, now, options } = world;
  const newMaster = () => `mk_${fresh.text(24)}`;
  const admin = { token: newMaster() };
  const operations = keyOperations(world, admin);
  return {
    kindOf: (incoming) => (incoming.path.startsWith('/projects/') ? readOrWrite(incoming) : 'use'),
    manage: (incoming) => performed(operations, incoming, failed),
    use(incoming, node) {
      const token = node.admit(bearerOf(incoming) ?? '');
      if (token === undefined) return failed(401, 'invalid_api_key');
      return jsonAnswer(200, { project: token.target, node: node.number, at: iso(now()) });
    },
    words: (status) => failed(status),
    newToken: (target) => ({ ...newToken(world, target), scopes: options.scopes ?? usualScopes }),
    admin: () => ({ ...admin }),
    changeAdmin() {
      admin.token = newMaster();
    },
    confidential: () => [admin.token],
  };
}

const usualScopes = ['read', 'write'];
const areKnown = (scopes: readonly string[], { scopes: known = usualScopes }: World['options']) =>
  scopes.every((scope) => known.includes(scope));

const newToken = ({ fresh }: World, target: string) => ({
  target,
  keyId: `key_${fresh.text(15)}`,
  secret: `sk_${fresh.text(24)}`,
});

const view = ({ keyId, name, scopes, enabled, createdAt, expiresAt, lastUsedAt }: Token) => ({
  id: keyId,
  name,
  scopes,
  enabled,
  createdAt: iso(createdAt),
  expiresAt: expiresAt === undefined ? null : iso(expiresAt),
  lastUsedAt: lastUsedAt === undefined ? null : iso(lastUsedAt),
});

function keyOperations(world: World, admin: { readonly token: string }): readonly Operation[] {
  const { store, options, may } = world;
  const once = creation(world);

  const inProject =
    (right: Right, answer: (project: string, incoming: Incoming) => Answer): Operation['perform'] =>
    ({ params, incoming }) => {
      if (bearerOf(incoming) !== admin.token) return failed(401);
      if (!may(right)) return failed(403);
      const project = params.get('project') ?? '';
      return store.target(project) === undefined ? failed(404, 'project_not_found') : answer(project, incoming);
    };
  const ofKey =
    (right: Right, answer: (token: Token, incoming: Incoming) => Answer): Operation['perform'] =>
    (call) =>
      inProject(right, (project, incoming) => {
        const token = store.find(call.params.get('key') ?? '');
        return token?.target === project ? answer(token, incoming) : failed(404, 'key_not_found');
      })(call);

  return [
    operation(
      'GET /projects/{project}/keys',
      inProject('read', (project, { query }) => {
        const limit = Number(query.get('limit') ?? options.pageSize ?? 20);
        const from = Number(query.get('cursor') ?? 0);
        if (!(limit >= 1 && limit <= 100 && from >= 0)) return failed(422, 'invalid_field', 'limit');
        const all = store.of(project);
        const nextCursor = from + limit < all.length ? String(from + limit) : null;
        return jsonAnswer(200, { keys: all.slice(from, from + limit).map(view), nextCursor });
      }),
    ),
    operation('POST /projects/{project}/keys', inProject('write', once)),
    operation(
      'GET /projects/{project}/keys/{key}',
      ofKey('read', (token) => jsonAnswer(200, view(token))),
    ),
    operation(
      'PATCH /projects/{project}/keys/{key}',
      ofKey('write', (token, incoming) => {
        const sent = Change.safeParse(jsonOf(incoming));
        if (!sent.success) return malformed(sent.error);
        const { name = token.name, enabled = token.enabled, scopes = token.scopes } = sent.data;
        if (!areKnown(scopes, options)) return failed(422, 'unknown_scope', 'scopes');
        store.change(token.keyId, { name, enabled, scopes });
        return jsonAnswer(200, view(token));
      }),
    ),
    operation(
      'DELETE /projects/{project}/keys/{key}',
      ofKey('delete', ({ keyId }) => {
        store.change(keyId, { gone: true });
        return empty();
      }),
    ),
  ];
}

/** The answer to the first request with an Idempotency-Key is the answer to all, also where the key is long gone. */
function creation(world: World): (project: string, incoming: Incoming) => Answer {
  const { store, options } = world;
  const { maxKeys = 20, scopes: known = usualScopes } = options;
  const answers = new Map<string, { readonly asked: string; readonly answer: Answer }>();

  function create(project: string, incoming: Incoming): Answer {
    const sent = Create.safeParse(jsonOf(incoming));
    if (!sent.success) return malformed(sent.error);
    const { name, scopes = known } = sent.data;
    if (!areKnown(scopes, options)) return failed(422, 'unknown_scope', 'scopes');
    if (store.of(project).length >= maxKeys) return failed(409);
    const token = store.add({ ...newToken(world, project), name, scopes });
    return jsonAnswer(201, { ...view(token), secret: token.secret });
  }

  return (project, incoming) => {
    const key = header(incoming, 'idempotency-key');
    if (key === undefined) return create(project, incoming);
    const id = JSON.stringify([project, key]);
    const before = answers.get(id);
    if (before !== undefined) {
      return before.asked === incoming.body ? before.answer : failed(409, 'idempotency_key_reused');
    }
    const answer = create(project, incoming);
    if (answer.status === 201) answers.set(id, { asked: incoming.body, answer });
    return answer;
  };
}
