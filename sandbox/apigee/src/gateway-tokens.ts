import { gatewayFault, oauthError } from './gateway-fault.ts';
import type { GatewayNode, SeenKey } from './gateway-node.ts';
import { keyFault } from './key-check.ts';
import { type Answer, type Incoming, jsonAnswer } from './loopback-server.ts';

export type GatewayTokens = {
  /** The client credentials grant. */
  grant: (node: GatewayNode, incoming: Incoming) => Answer;
  /** The VerifyAccessToken policy: the key behind the token, or the fault. */
  verify: (node: GatewayNode, value: string, covering: readonly string[]) => SeenKey | Answer;
};
type Token = { consumerKey: string; expiresAt: number; products: readonly string[] };

type GatewayTokensOptions = {
  organization: string;
  now: () => number;
  lifetimeSeconds: number;
  newToken: () => string;
  /** Told whose key got a token. */
  granted: (key: SeenKey) => void;
};

/** All nodes share the token store, as they do in Apigee; what lags is what a node knows of the key behind a token. */
export function gatewayTokens(options: GatewayTokensOptions): GatewayTokens {
  const { organization, now, lifetimeSeconds, newToken, granted } = options;
  const tokens = new Map<string, Token>();

  function mint(key: SeenKey): Answer {
    for (const [token, { expiresAt }] of tokens) {
      // Expired ones are remembered for a while, so that they are said to be expired and not unknown.
      if (expiresAt + lifetimeSeconds * 1000 <= now()) {
        tokens.delete(token);
      }
    }
    const products = [...key.products].flatMap(([name, status]) => (status === 'approved' ? [name] : []));
    const token = newToken();
    granted(key);
    tokens.set(token, { consumerKey: key.consumerKey, expiresAt: now() + lifetimeSeconds * 1000, products });
    return jsonAnswer(200, {
      access_token: token,
      client_id: key.consumerKey,
      token_type: 'BearerToken',
      expires_in: String(lifetimeSeconds),
      issued_at: String(now()),
      status: 'approved',
      application_name: key.app.appId,
      organization_name: organization,
      api_product_list: `[${products.join(', ')}]`,
      scope: '',
    });
  }

  return {
    grant(node, incoming) {
      const form = new URLSearchParams(incoming.body);
      const grantType = form.get('grant_type') ?? incoming.query.get('grant_type');
      if (incoming.method !== 'POST' || grantType !== 'client_credentials') {
        return oauthError(400, 'invalid_request', 'Required param : grant_type');
      }
      const client = clientOf(incoming, form);
      if (client === undefined) {
        return gatewayFault(401, 'steps.oauth.v2.FailedToResolveClientId', 'Failed to resolve the client id');
      }
      const key = node.key(client.id);
      // Both shapes of the same refusal occur, by how the policy is written; a client has to know both.
      if (key === undefined) {
        return oauthError(401, 'invalid_client', 'ClientId is Invalid');
      }
      if (key.consumerSecret !== client.secret) {
        return gatewayFault(401, 'oauth.v2.InvalidClientIdentifier', 'Invalid client identifier');
      }
      return keyFault(key, now()) ?? mint(key);
    },
    verify(node, value, covering) {
      const token = tokens.get(value);
      if (token === undefined) {
        return gatewayFault(401, 'keymanagement.service.invalid_access_token', 'Invalid Access Token');
      }
      if (token.expiresAt <= now()) {
        return gatewayFault(401, 'keymanagement.service.access_token_expired', 'Access Token expired');
      }
      const key = node.key(token.consumerKey);
      if (key === undefined) {
        return gatewayFault(401, 'oauth.v2.InvalidAccessToken', 'Invalid Access Token');
      }
      const fits = covering.some((name) => token.products.includes(name) && key.products.get(name) === 'approved');
      const unfit = 'keymanagement.service.InvalidAPICallAsNoApiProductMatchFound';
      return keyFault(key, now()) ?? (fits ? key : gatewayFault(401, unfit, 'No API product matches the call'));
    },
  };
}

function clientOf({ headers }: Incoming, form: URLSearchParams): { id: string; secret: string } | undefined {
  const [, basic] = /^Basic (\S+)$/iu.exec(headers.authorization ?? '') ?? [];
  if (basic !== undefined) {
    const [id = '', ...secret] = Buffer.from(basic, 'base64').toString('utf8').split(':');
    return { id, secret: secret.join(':') };
  }
  const id = form.get('client_id');
  return id === null ? undefined : { id, secret: form.get('client_secret') ?? '' };
}
