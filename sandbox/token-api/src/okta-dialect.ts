import { createHash } from 'node:crypto';

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
  readOrWrite,
  type World,
} from './dialect.ts';
import type { Right } from './simulator.ts';
import type { TokenNode } from './token-node.ts';
import type { Token } from './token-store.ts';

const Body = z.object({
  client_secret: z.string().min(14).max(100).optional(),
  status: z.enum(['ACTIVE', 'INACTIVE']).optional(),
});

// https://developer.okta.com/docs/reference/error-codes/
const codes: Readonly<Record<number, readonly [string, string]>> = {
  400: ['E0000001', 'Api validation failed: client_secret'],
  401: ['E0000011', 'Invalid token provided'],
  403: ['E0000006', 'You do not have permission to perform the requested action'],
  404: ['E0000007', 'Not found: Resource not found'],
  405: ['E0000022', 'The endpoint does not support the provided HTTP method'],
  429: ['E0000047', 'API call exceeded rate limit due to too many requests.'],
};
const other = ['E0000009', 'Internal Server Error'] as const;
const secretsOfApp = 2;
const tokenSeconds = 3600;
/** The one scope of the authorization server. */
export const oktaScope = 'orders.read';

function failed(status: number, cause?: string): Answer {
  const [errorCode, errorSummary] = codes[status] ?? other;
  const errorCauses = cause === undefined ? [] : [{ errorSummary: cause }];
  return jsonAnswer(status, { errorCode, errorSummary, errorLink: errorCode, errorId: 'oae-simulated', errorCauses });
}

/** The client secrets of an OIDC app, which has two at most; the data plane is the token endpoint of a custom authorization server. */
export function oktaDialect(world: World): Dialect {
  const { fresh } = world;
  const newMaster = () => `00${fresh.text(30)}`;
  const admin = { token: newMaster() };
  const operations = secretOperations(world, admin);
  return {
    kindOf: (incoming) => (/^\/oauth2\/[^/]+\/v1\/token$/u.test(incoming.path) ? 'use' : readOrWrite(incoming)),
    manage: (incoming) => performed(operations, incoming, failed),
    use: (incoming, node) => grant(incoming, node, fresh.text(24)),
    words: (status) => failed(status),
    newToken: (target) => newToken(world, target),
    admin: () => ({ ...admin }),
    changeAdmin() {
      admin.token = newMaster();
    },
    confidential: () => [admin.token],
  };
}

function newToken({ fresh }: World, target: string): ReturnType<Dialect['newToken']> {
  const id = fresh.text(48).replaceAll(/[-_]/gu, '').slice(0, 17);
  return { target, keyId: `ocs${id}`, secret: fresh.text(48) };
}

// How Okta hashes is not said: nobody may compute it.
const hash = ({ keyId, secret }: Token) =>
  createHash('sha256').update(`${keyId} ${secret}`).digest('base64url').slice(0, 22);

function secretOperations(world: World, admin: { readonly token: string }): readonly Operation[] {
  const { store, options, may } = world;
  const { maxKeys = secretsOfApp, oktaShows = 'secret' } = options;

  const view = (token: Token, shows = oktaShows) => ({
    id: token.keyId,
    ...(shows !== 'nothing' && { client_secret: shows === 'secret' ? token.secret : hash(token) }),
    secret_hash: hash(token),
    status: token.enabled ? 'ACTIVE' : 'INACTIVE',
    created: iso(token.createdAt),
    lastUpdated: iso(token.createdAt),
  });
  const ofApp =
    (right: Right, answer: (app: string, incoming: Incoming) => Answer): Operation['perform'] =>
    ({ params, incoming }) => {
      if (header(incoming, 'authorization') !== `SSWS ${admin.token}`) return failed(401);
      if (!may(right)) return failed(403);
      const app = params.get('app') ?? '';
      return store.target(app) === undefined ? failed(404) : answer(app, incoming);
    };
  const ofSecret =
    (right: Right, answer: (token: Token) => Answer): Operation['perform'] =>
    (call) =>
      ofApp(right, (app) => {
        const token = store.find(call.params.get('secret') ?? '');
        return token?.target === app ? answer(token) : failed(404);
      })(call);
  const turn = (enabled: boolean) =>
    ofSecret('write', (token) => {
      store.change(token.keyId, { enabled });
      return jsonAnswer(200, view(token));
    });

  const secrets = '/api/v1/apps/{app}/credentials/secrets';
  return [
    operation(
      `GET ${secrets}`,
      ofApp('read', (app) =>
        jsonAnswer(
          200,
          store.of(app).map((token) => view(token)),
        ),
      ),
    ),
    operation(
      `POST ${secrets}`,
      ofApp('write', (app, incoming) => {
        const sent = Body.safeParse(incoming.body === '' ? {} : jsonOf(incoming));
        if (!sent.success) return failed(400);
        if (store.of(app).length >= maxKeys) return failed(400, 'You have reached the maximum number of secrets');
        const made = newToken(world, app);
        const { client_secret: secret = made.secret, status = 'ACTIVE' } = sent.data;
        return jsonAnswer(201, view(store.add({ ...made, secret, enabled: status === 'ACTIVE' }), 'secret'));
      }),
    ),
    operation(
      `GET ${secrets}/{secret}`,
      ofSecret('read', (token) => jsonAnswer(200, view(token))),
    ),
    operation(`POST ${secrets}/{secret}/lifecycle/activate`, turn(true)),
    operation(`POST ${secrets}/{secret}/lifecycle/deactivate`, turn(false)),
    operation(
      `DELETE ${secrets}/{secret}`,
      ofSecret('delete', ({ keyId, enabled }) => {
        if (enabled) return failed(400, 'Only an inactive secret can be deleted');
        store.change(keyId, { gone: true });
        return empty();
      }),
    ),
  ];
}

/** RFC 6749 §4.4; the client id is the id of the app, as it is with Okta. */
function grant(incoming: Incoming, node: TokenNode, accessToken: string): Answer {
  const form = new URLSearchParams(incoming.body);
  const refused = (status: number, error: string, text: string) =>
    jsonAnswer(status, { error, error_description: text });
  if (form.get('grant_type') !== 'client_credentials') {
    return refused(400, 'unsupported_grant_type', 'The authorization grant type is not supported.');
  }
  const [id, secret] = basicOf(incoming) ?? [form.get('client_id') ?? '', form.get('client_secret') ?? ''];
  if (node.admit(secret, ({ target }) => target === id) === undefined) {
    return refused(401, 'invalid_client', 'The client secret supplied for a confidential client is invalid.');
  }
  const scope = form.get('scope') ?? '';
  if (scope !== oktaScope) return refused(400, 'invalid_scope', 'One or more scopes are not configured.');
  return jsonAnswer(200, { token_type: 'Bearer', expires_in: tokenSeconds, access_token: accessToken, scope });
}
