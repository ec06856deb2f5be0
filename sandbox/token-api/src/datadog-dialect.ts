import { createHash } from 'node:crypto';

import { type Answer, type Incoming, jsonAnswer } from '@keyturn/apigee-simulator/loopback-server';
import * as z from 'zod';

import {
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
import { longAgo, type Token } from './token-store.ts';

const Body = z.object({
  data: z.object({
    type: z.literal('api_keys'),
    id: z.string().optional(),
    attributes: z.object({ name: z.string().min(1) }),
  }),
});

const words: Readonly<Record<number, string>> = {
  400: 'Bad Request',
  401: 'Unauthorized',
  403: 'Forbidden',
  404: 'Not Found',
  405: 'Method Not Allowed',
  429: 'Too many requests',
  503: 'Service Unavailable',
};
const failed = (status: number, text = words[status] ?? 'Error'): Answer => jsonAnswer(status, { errors: [text] });

/** The one target: the organization of the administrator's keys. */
export const organization = 'organization';

type Admin = { readonly own: Token; readonly applicationKey: string };

/** Datadog's API keys, v2. The administrator's own API key is one of them. */
export function datadogDialect(world: World): Dialect {
  const { store, fresh } = world;
  const hex = (length: number) => createHash('sha256').update(fresh.text(32)).digest('hex').slice(0, length);
  const newToken: Dialect['newToken'] = (target) => ({ target, keyId: fresh.id(), secret: hex(32) });

  store.addTarget(organization);
  const newAdmin = (): Admin => ({
    own: store.add({ ...newToken(organization), name: 'the administrator of the keys' }, longAgo),
    applicationKey: hex(40),
  });
  let admin = newAdmin();
  const operations = keyOperations(world, newToken, () => admin);

  return {
    kindOf: (incoming) => (incoming.path.startsWith('/api/v2/api_keys') ? readOrWrite(incoming) : 'use'),
    manage: (incoming) => performed(operations, incoming, failed),
    use(incoming, node) {
      if (node.admit(header(incoming, 'dd-api-key') ?? '') === undefined) return failed(403);
      return incoming.path === '/api/v1/validate' ? jsonAnswer(200, { valid: true }) : jsonAnswer(202, { errors: [] });
    },
    words: (status) => failed(status),
    newToken,
    admin: () => ({ apiKey: admin.own.secret, applicationKey: admin.applicationKey }),
    changeAdmin() {
      store.change(admin.own.keyId, { gone: true });
      admin = newAdmin();
    },
    confidential: () => [admin.own.secret, admin.applicationKey],
  };
}

const partial = ({ secret, name, createdAt }: Token) => ({
  created_at: iso(createdAt),
  last4: secret.slice(-4),
  modified_at: iso(createdAt),
  name,
});
const listed = (token: Token) => ({ id: token.keyId, type: 'api_keys', attributes: partial(token) });
const whole = (token: Token) => ({ data: { ...listed(token), attributes: { ...partial(token), key: token.secret } } });

function keyOperations(world: World, newToken: Dialect['newToken'], admin: () => Admin): readonly Operation[] {
  const { store, options, may } = world;
  const { maxKeys = 50, pageSize = 10 } = options;

  const allowed =
    (right: Right, answer: (incoming: Incoming) => Answer): Operation['perform'] =>
    ({ incoming }) => {
      const known = store.withSecret(header(incoming, 'dd-api-key') ?? '').some(({ gone }) => !gone);
      if (!known || header(incoming, 'dd-application-key') !== admin().applicationKey) return failed(403);
      return may(right) ? answer(incoming) : failed(403);
    };
  const ofKey =
    (right: Right, answer: (token: Token, incoming: Incoming) => Answer): Operation['perform'] =>
    (call) =>
      allowed(right, (incoming) => {
        const token = store.find(call.params.get('key') ?? '');
        return token === undefined ? failed(404, 'API Key not found') : answer(token, incoming);
      })(call);
  const nameTaken = (name: string, but?: Token) =>
    store.of(organization).some((token) => token !== but && token.name === name);
  const taken = () => failed(400, 'An API key of this name exists');

  return [
    operation(
      'GET /api/v2/api_keys',
      allowed('read', ({ query }) => {
        const size = Number(query.get('page[size]') ?? pageSize);
        const page = Number(query.get('page[number]') ?? 0);
        if (!(size >= 1 && size <= 100 && page >= 0)) return failed(400);
        const found = store.of(organization).filter(({ name }) => name.includes(query.get('filter') ?? ''));
        const data = found.slice(page * size, (page + 1) * size).map(listed);
        return jsonAnswer(200, { data, meta: { max_allowed: maxKeys, page: { total_filtered_count: found.length } } });
      }),
    ),
    operation(
      'POST /api/v2/api_keys',
      allowed('write', (incoming) => {
        const sent = Body.safeParse(jsonOf(incoming));
        if (!sent.success) return failed(400);
        const { name } = sent.data.data.attributes;
        if (nameTaken(name)) return taken();
        if (store.of(organization).length >= maxKeys) return failed(400, 'API key limit reached');
        return jsonAnswer(201, whole(store.add({ ...newToken(organization), name })));
      }),
    ),
    operation(
      'GET /api/v2/api_keys/{key}',
      ofKey('read', (token) => jsonAnswer(200, whole(token))),
    ),
    operation(
      'PATCH /api/v2/api_keys/{key}',
      ofKey('write', (token, incoming) => {
        const sent = Body.safeParse(jsonOf(incoming));
        if (!sent.success || sent.data.data.id !== token.keyId) return failed(400);
        const { name } = sent.data.data.attributes;
        if (nameTaken(name, token)) return taken();
        store.change(token.keyId, { name });
        return jsonAnswer(200, whole(token));
      }),
    ),
    operation(
      'DELETE /api/v2/api_keys/{key}',
      ofKey('delete', ({ keyId }) => {
        if (store.of(organization).length === 1) return failed(400, 'The last API key stays');
        store.change(keyId, { gone: true });
        return empty();
      }),
    ),
  ];
}
