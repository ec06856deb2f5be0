import type { Fresh } from './fresh.ts';
import { gatewayFault } from './gateway-fault.ts';
import { type GatewayNode, gatewayNode, type SeenKey } from './gateway-node.ts';
import { gatewayTokens } from './gateway-tokens.ts';
import { verifyApiKey } from './key-check.ts';
import { type Answer, type Incoming, jsonAnswer } from './loopback-server.ts';
import type { Organization } from './organization.ts';
import type { NodeTiming } from './simulator.ts';
import type { Served } from './surface.ts';

export type GatewayOptions = {
  org: Organization;
  nodes: readonly NodeTiming[];
  now: () => number;
  tokenSeconds: number;
  fresh: Fresh;
  /** Told of every call that came through, tokens handed out included. */
  accepted: (key: SeenKey) => void;
};

const tokenPaths = new Set(['/oauth/token', '/oauth/client_credential/accesstoken']);

export type Gateway = {
  serve: (incoming: Incoming, number: number | undefined) => Served;
  /** Whether each node would let the API key in at this path now; no request, and no node remembers it. */
  acceptedBy: (consumerKey: string, path: string) => boolean[];
};

/** The API proxies: every path that a product covers asks for an API key or a bearer token, whichever the request has. */
export function gateway(options: GatewayOptions): Gateway {
  const { org, now, accepted, fresh } = options;
  const nodes = options.nodes.map((timing) => gatewayNode(org, timing, now));
  const tokens = gatewayTokens({
    organization: org.name,
    now,
    lifetimeSeconds: options.tokenSeconds,
    newToken: () => fresh.text(21),
    granted: accepted,
  });

  const covering = (path: string) =>
    [...org.products.values()].flatMap(({ name, paths }) => (paths.some((one) => covers(one, path)) ? [name] : []));

  function callApi(node: GatewayNode, incoming: Incoming, number: number): Answer {
    const { path, headers } = incoming;
    const products = covering(path);
    if (products.length === 0) {
      const code = 'messaging.adaptors.http.flow.ApplicationNotFound';
      return gatewayFault(404, code, `Unable to identify proxy for ${path}`);
    }
    const ok = (key: SeenKey): Answer => {
      accepted(key);
      return jsonAnswer(200, { path, app: key.app.name, node: number });
    };
    const [, bearer] = /^Bearer (\S+)$/iu.exec(headers.authorization ?? '') ?? [];
    if (bearer !== undefined) {
      const caller = tokens.verify(node, bearer, products);
      return 'consumerKey' in caller ? ok(caller) : caller;
    }
    const sent = apiKeyOf(incoming);
    if (!sent) {
      return gatewayFault(401, 'steps.oauth.v2.FailedToResolveAPIKey', 'Failed to resolve API Key variable');
    }
    const caller = verifyApiKey(node.key(sent), products, now());
    return 'consumerKey' in caller ? ok(caller) : caller;
  }

  return {
    serve(incoming, number = 0) {
      const node = nodes[number];
      if (node === undefined) {
        throw new Error(`There is no node ${number}`);
      }
      return { answer: tokenPaths.has(incoming.path) ? tokens.grant(node, incoming) : callApi(node, incoming, number) };
    },
    acceptedBy(consumerKey, path) {
      const products = covering(path);
      return nodes.map((node) => 'consumerKey' in verifyApiKey(node.peek(consumerKey), products, now()));
    },
  };
}

const covers = (one: string, path: string): boolean =>
  path === one || path.startsWith(one.endsWith('/') ? one : `${one}/`);

function apiKeyOf({ headers, query }: Incoming): string | undefined {
  const header = headers['x-apikey'];
  return (Array.isArray(header) ? header[0] : header) ?? query.get('apikey') ?? undefined;
}
