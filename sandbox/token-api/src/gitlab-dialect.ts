import { type Answer, type Incoming, jsonAnswer } from '@keyturn/apigee-simulator/loopback-server';
import * as z from 'zod';

import {
  bearerOf,
  type Dialect,
  empty,
  header,
  jsonOf,
  type Operation,
  operation,
  performed,
  readOrWrite,
  type World,
} from './dialect.ts';
import { failed, insufficient, isActive, view } from './gitlab-words.ts';
import type { Right } from './simulator.ts';
import type { NewToken, Token } from './token-store.ts';

const date = z.string().regex(/^\d{4}-\d\d-\d\d$/u);
const Create = z.object({ name: z.string().min(1), scopes: z.array(z.string()).min(1), expires_at: date });
const Rotate = z.object({ expires_at: date.optional() });

const dayMs = 86_400_000;
/** What a rotated token gets where nobody says how long it lives. */
const defaultDays = 7;
const longestDays = 365;
const usualDays = 300;
const usualScopes = ['api', 'read_api', 'read_repository', 'self_rotate'];

type Parts = World & {
  readonly newToken: (target: string) => NewToken;
  readonly midnightIn: (days: number) => number;
  readonly admin: { token: string };
};

/** Project access tokens. Rotating one revokes it in the same moment, and rotating a revoked one revokes all that came from it. */
export function gitlabDialect(world: World): Dialect {
  const { now, fresh, options } = world;
  const newSecret = () => `glpat-${fresh.text(15)}`;
  const admin = { token: newSecret() };
  const midnightIn = (days: number) => (Math.floor(now() / dayMs) + days) * dayMs;
  let lastId = 4_000_000;
  const newToken = (target: string) => ({ target, keyId: String((lastId += 1)), secret: newSecret() });
  const operations = tokenOperations({ ...world, newToken, midnightIn, admin });

  return {
    kindOf: (incoming) => (incoming.path.includes('/access_tokens') ? readOrWrite(incoming) : 'use'),
    manage: (incoming) => performed(operations, incoming, failed),
    use(incoming, node) {
      const token = node.admit(secretOf(incoming));
      if (token === undefined) return failed(401);
      const known = [`/api/v4/projects/${encodeURIComponent(token.target)}`, '/api/v4/personal_access_tokens/self'];
      return known.includes(incoming.path) ? jsonAnswer(200, { path_with_namespace: token.target }) : failed(404);
    },
    words: (status) => failed(status),
    newToken: (target) => {
      const scopes = (options.scopes ?? usualScopes).slice(0, 2);
      return { ...newToken(target), name: 'made by hand', scopes, expiresAt: midnightIn(usualDays) };
    },
    admin: () => ({ ...admin }),
    changeAdmin() {
      admin.token = newSecret();
    },
    confidential: () => [admin.token],
  };
}

const secretOf = (incoming: Incoming) => header(incoming, 'private-token') ?? bearerOf(incoming) ?? '';

function tokenOperations(parts: Parts): readonly Operation[] {
  const { store, now, options, may, admin } = parts;
  const rotate = rotation(parts);

  const inProject =
    (right: Right, answer: (project: string, incoming: Incoming) => Answer): Operation['perform'] =>
    ({ params, incoming }) => {
      if (secretOf(incoming) !== admin.token) return failed(401);
      if (!may(right)) return insufficient();
      const project = params.get('project') ?? '';
      return store.target(project) === undefined ? failed(404, '404 Project Not Found') : answer(project, incoming);
    };
  const ofToken =
    (right: Right, unknown: number, answer: (token: Token, incoming: Incoming) => Answer): Operation['perform'] =>
    (call) =>
      inProject(right, (project, incoming) => {
        const token = store.find(call.params.get('token') ?? '');
        return token?.target === project ? answer(token, incoming) : failed(unknown);
      })(call);

  const tokens = '/api/v4/projects/{project}/access_tokens';
  return [
    operation(
      `GET ${tokens}`,
      inProject('read', (project, { query }) => {
        const size = Number(query.get('per_page') ?? options.pageSize ?? 20);
        const page = Number(query.get('page') ?? 1);
        if (!(size >= 1 && size <= 100 && page >= 1)) return failed(400);
        const state = query.get('state');
        const all = store
          .of(project)
          .filter((token) => state === null || isActive(token, now()) === (state === 'active'));
        const shown = all.slice((page - 1) * size, page * size).map((token) => view(token, now()));
        return jsonAnswer(200, shown, { 'x-next-page': page * size < all.length ? String(page + 1) : '' });
      }),
    ),
    operation(`POST ${tokens}`, inProject('write', creation(parts))),
    operation(
      `GET ${tokens}/{token}`,
      ofToken('read', 404, (token) => jsonAnswer(200, view(token, now()))),
    ),
    operation(`POST ${tokens}/{token}/rotate`, (call) =>
      call.params.get('token') === 'self' ? rotateSelf(call, parts, rotate) : ofToken('write', 401, rotate)(call),
    ),
    operation(
      `DELETE ${tokens}/{token}`,
      ofToken('delete', 404, ({ keyId }) => {
        store.change(keyId, { enabled: false });
        return empty();
      }),
    ),
  ];
}

const isTooLate = (at: number, { now, midnightIn }: Parts) => !(at > now() && at <= midnightIn(longestDays));

function creation(parts: Parts): (project: string, incoming: Incoming) => Answer {
  const { store, now, options, newToken } = parts;
  return (project, incoming) => {
    const sent = Create.safeParse(jsonOf(incoming));
    if (!sent.success) return jsonAnswer(400, { error: `${sent.error.issues[0]?.path.join('.')} is missing` });
    const { name, scopes } = sent.data;
    const expiresAt = Date.parse(sent.data.expires_at);
    const known = options.scopes ?? usualScopes;
    if (!scopes.every((scope) => known.includes(scope)) || isTooLate(expiresAt, parts)) return failed(400);
    const active = store.of(project).filter((token) => isActive(token, now()));
    if (active.length >= (options.maxKeys ?? 100)) return failed(400, '400 Bad request - Access token limit reached');
    const token = store.add({ ...newToken(project), name, scopes, expiresAt });
    return jsonAnswer(201, { ...view(token, now()), token: token.secret });
  };
}

type Rotate = (token: Token, incoming: Incoming) => Answer;

function rotation(parts: Parts): Rotate {
  const { store, now, newToken, midnightIn } = parts;
  return (token, incoming) => {
    if (!token.enabled) {
      for (const { family, keyId } of store.of(token.target)) {
        if (family === token.family) store.change(keyId, { enabled: false });
      }
    }
    if (!isActive(token, now())) return failed(401);
    const sent = Rotate.safeParse(incoming.body === '' ? {} : jsonOf(incoming));
    if (!sent.success) return failed(400, '400 Bad request - expires_at is invalid');
    const { expires_at: until } = sent.data;
    const expiresAt = until === undefined ? midnightIn(defaultDays) : Date.parse(until);
    if (isTooLate(expiresAt, parts)) return failed(400, '400 Bad request - Expiration date is out of range');
    store.change(token.keyId, { enabled: false });
    const { target, name, scopes, family } = token;
    const next = store.add({ ...newToken(target), name, scopes, family, expiresAt });
    return jsonAnswer(200, { ...view(next, now()), token: next.secret });
  };
}

function rotateSelf(
  { params, incoming }: Parameters<Operation['perform']>[0],
  { store }: Parts,
  rotate: Rotate,
): Answer {
  const known = store.withSecret(secretOf(incoming));
  const token = known.find(({ target, gone }) => target === params.get('project') && !gone);
  if (token === undefined) return failed(401);
  const enough = token.scopes.includes('api') || token.scopes.includes('self_rotate');
  return token.enabled && !enough ? failed(403) : rotate(token, incoming);
}
