import { Agent as HttpAgent } from 'node:http';
import { Agent as HttpsAgent, type AgentOptions } from 'node:https';
import { connect as connectPlain, isIPv6, type Socket } from 'node:net';
import { Duplex } from 'node:stream';
import { connect as connectTls, createSecureContext, rootCertificates } from 'node:tls';

import { goesThrough, type HttpProxy } from './http-proxy.ts';
import { openTunnel } from './proxy-tunnel.ts';

export type Network = {
  readonly proxy?: HttpProxy | undefined;
  /** Certificates in PEM form that are trusted besides Node's own. */
  readonly caBundle?: string | undefined;
};

export type Agents = { readonly httpAgent: HttpAgent; readonly httpsAgent: HttpsAgent };

/** How calls reach whom they are for. Nothing in the environment changes it: no proxy, no certificate, no trust without one. */
export type NetworkAgents = {
  /** They keep their connections for the next call. */
  readonly kept: Agents;
  /** For one call, through a connection that no other had. */
  fresh(): Agents;
  /** The proxy that a call to this URL goes through. */
  proxyOf(url: URL): HttpProxy | undefined;
};

const tunnelTimeoutMs = 10_000;

/**
 * The agents of a network; one of these for a function, so that connections are shared. An `httpAgent` leads to the proxy, which has to be asked
 * for the whole URL; an `httpsAgent` leads through it. Throws where the bundle cannot be read, which the check of the configuration prevents.
 */
export function networkAgents({ proxy, caBundle }: Network = {}): NetworkAgents {
  // Reading some 150 certificates takes longer than a handshake: once for all connections.
  const secureContext = createSecureContext({
    ca: [...rootCertificates, ...(caBundle === undefined ? [] : [caBundle])],
  });
  const trust = { secureContext, rejectUnauthorized: true, ...noProxyOfEnvironment };
  const agents = (keepAlive: boolean): Agents => {
    const options = { ...trust, keepAlive };
    return {
      httpAgent: proxy === undefined ? new HttpAgent(options) : forwardingAgent(proxy, options),
      httpsAgent: proxy === undefined ? new HttpsAgent(options) : tunnellingAgent(proxy, options),
    };
  };
  return {
    kept: agents(true),
    fresh: () => agents(false),
    proxyOf: ({ hostname }) => (proxy !== undefined && goesThrough(proxy, hostname) ? proxy : undefined),
  };
}

// A Node that is told to use the environment's proxy may do so for every agent that does not refuse; the types do not know that it can.
const noProxyOfEnvironment: object = { proxyEnv: null };

type Connect = (error: Error | null, socket: Duplex) => void;

function tunnellingAgent(proxy: HttpProxy, options: AgentOptions): HttpsAgent {
  const agent = new HttpsAgent(options);
  const direct = agent.createConnection.bind(agent);
  agent.createConnection = (target, connected?: Connect) => {
    const host = target.host ?? 'localhost';
    if (!goesThrough(proxy, host)) return direct(target, connected);
    const authority = `${isIPv6(host) ? `[${host}]` : host}:${target.port ?? 443}`;
    openTunnel(authority, { proxy, trust: options, timeoutMs: tunnelTimeoutMs }).then(
      (socket) => connected?.(null, connectTls({ ...options, host, servername: target.servername ?? host, socket })),
      // The types ask for a stream, at which nobody looks then.
      (error: Error) => connected?.(error, new Duplex()),
    );
    return undefined;
  };
  return agent;
}

function forwardingAgent(proxy: HttpProxy, options: AgentOptions): HttpAgent {
  const agent = new HttpAgent(options);
  const direct = agent.createConnection.bind(agent);
  agent.createConnection = (target, callback?: Connect) =>
    goesThrough(proxy, target.host ?? 'localhost') ? connectToProxy(proxy, options) : direct(target, callback);
  return agent;
}

function connectToProxy({ url }: HttpProxy, trust: AgentOptions): Socket {
  const host = url.hostname.replace(/^\[|\]$/g, '');
  if (url.protocol === 'http:') return connectPlain({ host, port: Number(url.port || 80) });
  return connectTls({ ...trust, host, servername: host, port: Number(url.port || 443) });
}
