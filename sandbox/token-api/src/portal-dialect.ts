import { type Answer, type Incoming, jsonAnswer } from '@keyturn/apigee-simulator/loopback-server';
import * as z from 'zod';

import {
  basicOf,
  type Dialect,
  empty,
  header,
  iso,
  jsonOf,
  type Operation,
  operation,
  performed,
  type World,
} from './dialect.ts';
import { type PortalSessions, portalSessions } from './portal-session.ts';
import type { Right } from './simulator.ts';
import type { Token } from './token-store.ts';

const Labelled = z.object({ label: z.string().max(255).optional() });
const keysOfApp = 2;

const failed = (status: number, error = `Error ${status}`): Answer => jsonAnswer(status, { success: false, error });

/**
 * A developer portal without an API for machines: what its own pages ask for, behind the login of a person. An app has two keys at most, a key is
 * told once, and there is no disabling. The data plane takes key and secret as Basic authorization, or the secret as X-Api-Key.
 */
export function portalDialect(world: World): Dialect {
  const sessions = portalSessions(world);
  const operations = portalOperations(world, sessions);
  return {
    kindOf({ path, method }) {
      if (path === '/login') return 'login';
      if (!path.startsWith('/api/')) return 'use';
      return method === 'GET' ? 'read' : 'write';
    },
    manage: (incoming) => performed(operations, incoming, failed),
    use(incoming, node) {
      const [keyId, secret] = basicOf(incoming) ?? [undefined, header(incoming, 'x-api-key') ?? ''];
      const token = node.admit(secret, (one) => keyId === undefined || keyId === one.keyId);
      if (token === undefined) return failed(401, 'Invalid ApiKey');
      return jsonAnswer(200, { app: token.target, node: node.number });
    },
    words: (status) => failed(status),
    newToken: (target) => newToken(world, target),
    admin: sessions.user,
    changeAdmin: sessions.changePassword,
    confidential: sessions.confidential,
    portal: { endSessions: sessions.endSessions, unlock: sessions.unlock },
  };
}

const newToken = ({ fresh }: World, target: string) => ({ target, keyId: fresh.text(24), secret: fresh.text(24) });

/** A page's request in a session; a change bears the token of the session, too. */
function inSession(world: World, sessions: PortalSessions) {
  const { withoutSession = 'redirect' } = world.options.portal ?? {};
  const unknown = (incoming: Incoming): Answer => {
    if (withoutSession === 'redirect') return { status: 302, headers: { location: '/login' } };
    if (withoutSession === 'page') return sessions.login({ ...incoming, method: 'GET' });
    return failed(withoutSession, 'Log in');
  };
  return (right: Right, answer: Operation['perform']): Operation['perform'] =>
    (call) => {
      const token = sessions.sessionOf(call.incoming);
      if (token === undefined) return unknown(call.incoming);
      const forged = right !== 'read' && header(call.incoming, 'x-xsrf-token') !== token;
      if (forged) return failed(403, 'Forged request');
      return world.may(right) ? answer(call) : failed(403, 'Not your app');
    };
}

function portalOperations(world: World, sessions: PortalSessions): readonly Operation[] {
  const { store, options } = world;
  const { labels = true } = options.portal ?? {};
  const allowed = inSession(world, sessions);
  const ofApp = (right: Right, answer: (app: string, incoming: Incoming) => Answer) =>
    allowed(right, ({ params, incoming }) => {
      const app = params.get('app') ?? '';
      return store.target(app) === undefined ? failed(404, 'No such app') : answer(app, incoming);
    });
  const ofKey =
    (right: Right, answer: (token: Token, incoming: Incoming) => Answer): Operation['perform'] =>
    (call) =>
      ofApp(right, (app, incoming) => {
        const token = store.find(call.params.get('key') ?? '');
        return token?.target === app ? answer(token, incoming) : failed(404, 'No such key');
      })(call);
  const view = ({ keyId, name, createdAt }: Token) => ({
    clientId: keyId,
    ...(labels && { label: name }),
    created: iso(createdAt),
  });

  return [
    operation('GET /login', ({ incoming }) => sessions.login(incoming)),
    operation('POST /login', ({ incoming }) => sessions.login(incoming)),
    operation(
      'GET /api/apps',
      allowed('read', () => jsonAnswer(200, { apps: store.targets().map((name) => ({ name })) })),
    ),
    operation(
      'GET /api/apps/{app}/keys',
      ofApp('read', (app) => jsonAnswer(200, { keys: store.of(app).map(view) })),
    ),
    operation(
      'POST /api/apps/{app}/keys',
      ofApp('write', (app, incoming) => {
        const sent = Labelled.safeParse(incoming.body === '' ? {} : jsonOf(incoming));
        if (!sent.success) return failed(400);
        const room = store.of(app).length < (options.maxKeys ?? keysOfApp);
        if (!room) return failed(409, 'An app has two keys at most');
        const token = store.add({ ...newToken(world, app), name: labels ? (sent.data.label ?? '') : '' });
        return jsonAnswer(201, { success: true, key: { ...view(token), clientSecret: token.secret } });
      }),
    ),
    operation(
      'PUT /api/apps/{app}/keys/{key}',
      ofKey('write', (token, incoming) => {
        const sent = Labelled.safeParse(jsonOf(incoming));
        if (!sent.success || !labels) return failed(labels ? 400 : 405);
        store.change(token.keyId, { name: sent.data.label ?? '' });
        return jsonAnswer(200, { success: true, key: view(token) });
      }),
    ),
    operation(
      'DELETE /api/apps/{app}/keys/{key}',
      ofKey('delete', ({ keyId }) => {
        store.change(keyId, { gone: true });
        return empty();
      }),
    ),
  ];
}
