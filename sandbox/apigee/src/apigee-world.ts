import { type AccessTokens, cloudPlatform } from './access-tokens.ts';
import { type CallLog, callLog } from './analytics.ts';
import { ApigeeError } from './apigee-error.ts';
import type { Controlled } from './control-routes.ts';
import { type Faults, faults } from './faults.ts';
import { flavours } from './flavours.ts';
import { freshOf } from './fresh.ts';
import { type Gateway, gateway } from './gateway.ts';
import { gatewayWords } from './gateway-fault.ts';
import { appNamed, appView, hand, keyViews } from './hand.ts';
import { type Identity, identity } from './identity.ts';
import type { Incoming, Reply } from './loopback-server.ts';
import type { World } from './management-call.ts';
import { management } from './management.ts';
import { type Organization, organization } from './organization.ts';
import { type RequestLog, requestLog } from './request-log.ts';
import { seedOrganization } from './seed-organization.ts';
import type { Flavour, NodeTiming, SimulatorOptions } from './simulator.ts';
import { surface } from './surface.ts';
import { tokenEndpointWords } from './token-endpoint.ts';

/** What becomes of a request. All its effects are there when the call returns, before the answer is awaited. */
export type Serve = (incoming: Incoming) => Promise<Reply>;

/** Apigee without servers: nothing listens, and nothing happens but what is called. */
export type ApigeeWorld = Controlled & {
  readonly flavour: Flavour;
  /** What is really there, for who reads it in this process. */
  readonly org: Organization;
  /** Paths begin with `/v1/organizations/`. */
  readonly management: Serve;
  readonly token: Serve;
  /** Each node by itself. */
  readonly nodes: readonly Serve[];
  /** All nodes in turn, one request each. */
  readonly gateway: Serve;
  readonly acceptedBy: Gateway['acceptedBy'];
  readonly identityAt: Identity['view'];
  readonly faults: Faults;
};

const prompt: NodeTiming = { propagationMs: 0, revocationMs: 0, negativeMs: 0 };

/** The same options give the same world, as far as clock, newText and newId are given and no key file is asked for. */
export function apigeeWorld(options: SimulatorOptions = {}): ApigeeWorld {
  const { flavour = 'x', clock = Date, nodes = [prompt, prompt, prompt], gatewayTokenSeconds = 3599 } = options;
  const now = () => clock.now();
  const calls = callLog(now, options.analyticsLagMs ?? 0);
  const world = worldOf(options, now, calls);
  const { org, dialect, fresh } = world;
  const { tokens, serve: serveTokens, view } = identity(options, org.name, { now, fresh });
  const injected = faults();
  const log = requestLog();
  const common = { faults: injected, log, now };
  const words = (status: number) => dialect.error(new ApigeeError(status, 'Injected'));
  const api = management(world, flavours[flavour].routes(world), tokens);
  const proxies = gateway({ org, nodes, now, fresh, tokenSeconds: gatewayTokenSeconds, accepted: calls.add });
  const runtime = surface({ ...common, surface: 'gateway', serve: proxies.serve, words: gatewayWords });
  let turn = 0;
  return {
    ...controls(world, { injected, log, tokens }),
    flavour,
    org,
    management: surface({ ...common, surface: 'management', serve: api, words }),
    token: surface({ ...common, surface: 'token', serve: serveTokens, words: tokenEndpointWords }),
    nodes: nodes.map((_, number) => (incoming) => runtime(incoming, number)),
    gateway: (incoming) => runtime(incoming, turn++ % nodes.length),
    acceptedBy: proxies.acceptedBy,
    identityAt: view,
    faults: injected,
  };
}

function worldOf(options: SimulatorOptions, now: () => number, calls: CallLog): World {
  const dialect = flavours[options.flavour ?? 'x'].dialect(options.unsettled ?? {});
  const fresh = freshOf(options);
  return {
    org: organization(options.organization ?? 'keyturn-sandbox', dialect.ownerKinds, fresh.id),
    now,
    fresh,
    dialect,
    analytics: {
      environments: options.environments ?? ['prod'],
      allowed: options.analytics !== 'refused',
      counts: calls.counts,
    },
  };
}

type Held = { injected: Faults; log: RequestLog; tokens: AccessTokens };

const controls = ({ org, now }: World, { injected, log, tokens }: Held): Controlled => ({
  seed: (seed) => {
    seedOrganization(org, seed, now());
  },
  app: (name) => appView(appNamed(org, name)),
  keys: (name) => keyViews(appNamed(org, name)),
  hand: hand(org, now),
  inject: injected.inject,
  clearFaults: injected.clear,
  accessToken: () => tokens.issue([cloudPlatform]).token,
  revokeAccessToken: tokens.revoke,
  requests: log.all,
});
