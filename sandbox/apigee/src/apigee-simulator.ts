import { cloudPlatform } from './access-tokens.ts';
import type { Controlled } from './control-routes.ts';
import { controlServer } from './control-server.ts';
import { faults } from './faults.ts';
import { gateway } from './gateway.ts';
import { gatewayWords } from './gateway-fault.ts';
import { GoogleError } from './google-error.ts';
import { appNamed, appView, hand, keyViews } from './hand.ts';
import { identity } from './identity.ts';
import { type Incoming, type LoopbackServer, loopbackServer, type Reply } from './loopback-server.ts';
import { errorAnswer, management } from './management.ts';
import { organization } from './organization.ts';
import { requestLog } from './request-log.ts';
import { seedOrganization } from './seed-organization.ts';
import type { ApigeeSimulator, NodeTiming, SimulatorOptions } from './simulator.ts';
import { surface } from './surface.ts';
import { tokenEndpointWords } from './token-endpoint.ts';

const prompt: NodeTiming = { propagationMs: 0, revocationMs: 0, negativeMs: 0 };

/** Apigee X for tests and the demo: the management API, Google's token endpoint and a gateway, each on a loopback port of its own. */
export async function apigeeSimulator(options: SimulatorOptions = {}): Promise<ApigeeSimulator> {
  const { flavour = 'x', clock = Date, nodes = [prompt, prompt, prompt], unsettled = {} } = options;
  const now = () => clock.now();
  const org = organization(options.organization ?? 'keyturn-sandbox');
  const { tokens, serve: serveTokens, view: identityView } = identity(options, org.name, now);
  const injected = faults();
  const log = requestLog();

  const servers: LoopbackServer[] = [];
  const listen = async (serve: (incoming: Incoming) => Promise<Reply>): Promise<string> => {
    const server = await loopbackServer(serve);
    servers.push(server);
    return server.url;
  };
  const common = { faults: injected, log, now };
  const api = management({ org, now, unsettled }, tokens);
  const managementUrl = await listen(
    surface({
      ...common,
      surface: 'management',
      serve: api,
      words: (status) => errorAnswer(new GoogleError(status, 'Injected')),
    }),
  );
  const identityUrl = await listen(
    surface({ ...common, surface: 'token', serve: serveTokens, words: tokenEndpointWords }),
  );
  const proxies = gateway({ org, nodes, now, tokenSeconds: options.gatewayTokenSeconds ?? 3599 });
  const runtime = surface({ ...common, surface: 'gateway', serve: proxies, words: gatewayWords });
  let turn = 0;
  const gatewayUrl = await listen((incoming) => runtime(incoming, turn++ % nodes.length));
  const nodeUrls: string[] = [];
  for (const number of nodes.keys()) {
    nodeUrls.push(await listen((incoming) => runtime(incoming, number)));
  }

  const controlled: Controlled = {
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
  };
  const controlUrl = await listen(controlServer(controlled, injected));
  return {
    ...controlled,
    organization: org.name,
    flavour,
    managementUrl: `${managementUrl}/v1`,
    gatewayUrl,
    nodeUrls,
    controlUrl,
    ...identityView(identityUrl),
    async close() {
      await Promise.all(servers.splice(0).map((server) => server.close()));
    },
  };
}
