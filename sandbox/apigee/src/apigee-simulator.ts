import { type AccessTokens, accessTokens, cloudPlatform } from './access-tokens.ts';
import type { Controlled } from './control-routes.ts';
import { controlServer } from './control-server.ts';
import { ApigeeError } from './apigee-error.ts';
import { type CallLog, callLog } from './analytics.ts';
import { type Faults, faults } from './faults.ts';
import { flavours } from './flavours.ts';
import { gateway } from './gateway.ts';
import { gatewayWords } from './gateway-fault.ts';
import { appNamed, appView, hand, keyViews } from './hand.ts';
import { type Incoming, type LoopbackServer, loopbackServer, type Reply } from './loopback-server.ts';
import type { World } from './management-call.ts';
import { management } from './management.ts';
import { organization } from './organization.ts';
import { type RequestLog, requestLog } from './request-log.ts';
import { seedOrganization } from './seed-organization.ts';
import { serviceAccount } from './service-account.ts';
import type { ApigeeSimulator, NodeTiming, SimulatorOptions } from './simulator.ts';
import { surface } from './surface.ts';
import { tokenEndpoint, tokenEndpointWords } from './token-endpoint.ts';

const prompt: NodeTiming = { propagationMs: 0, revocationMs: 0, negativeMs: 0 };

/** Apigee for tests and the demo: the management API, Google's token endpoint and a gateway, each on a loopback port of its own. */
export async function apigeeSimulator(options: SimulatorOptions = {}): Promise<ApigeeSimulator> {
  const { flavour = 'x', clock = Date, nodes = [prompt, prompt, prompt], accessTokenSeconds = 3599 } = options;
  const now = () => clock.now();
  const calls = callLog(now, options.analyticsLagMs ?? 0);
  const world = worldOf(options, now, calls);
  const { org, dialect } = world;
  const account = serviceAccount(org.name);
  const tokens = accessTokens(now, accessTokenSeconds);
  const injected = faults();
  const log = requestLog();

  const servers: LoopbackServer[] = [];
  const listen = async (serve: (incoming: Incoming) => Promise<Reply>): Promise<string> => {
    const server = await loopbackServer(serve);
    servers.push(server);
    return server.url;
  };
  const common = { faults: injected, log, now };
  const api = management(world, flavours[flavour].routes(world), tokens);
  const managementUrl = await listen(
    surface({
      ...common,
      surface: 'management',
      serve: api,
      words: (status) => dialect.error(new ApigeeError(status, 'Injected')),
    }),
  );
  const tokenUrl = `${await listen(
    surface({ ...common, surface: 'token', serve: tokenEndpoint(account, tokens), words: tokenEndpointWords }),
  )}/token`;
  const proxies = gateway({ org, nodes, now, tokenSeconds: options.gatewayTokenSeconds ?? 3599, accepted: calls.add });
  const runtime = surface({ ...common, surface: 'gateway', serve: proxies, words: gatewayWords });
  let turn = 0;
  const gatewayUrl = await listen((incoming) => runtime(incoming, turn++ % nodes.length));
  const nodeUrls: string[] = [];
  for (const number of nodes.keys()) {
    nodeUrls.push(await listen((incoming) => runtime(incoming, number)));
  }

  const controlled = controls(world, { injected, log, tokens });
  const controlUrl = await listen(controlServer(controlled, injected));
  return {
    ...controlled,
    organization: org.name,
    flavour,
    managementUrl: `${managementUrl}/v1`,
    tokenUrl,
    gatewayUrl,
    nodeUrls,
    controlUrl,
    serviceAccount: account.keyFile(tokenUrl),
    async close() {
      await Promise.all(servers.splice(0).map((server) => server.close()));
    },
  };
}

function worldOf(options: SimulatorOptions, now: () => number, calls: CallLog): World {
  const dialect = flavours[options.flavour ?? 'x'].dialect(options.unsettled ?? {});
  return {
    org: organization(options.organization ?? 'keyturn-sandbox', dialect.ownerKinds),
    now,
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
