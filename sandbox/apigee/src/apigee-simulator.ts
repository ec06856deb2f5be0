import { apigeeWorld, type Serve } from './apigee-world.ts';
import { controlServer } from './control-server.ts';
import { type LoopbackServer, loopbackServer } from './loopback-server.ts';
import type { ApigeeSimulator, SimulatorOptions } from './simulator.ts';

/** Apigee for tests and the demo: the management API, Google's token endpoint and a gateway, each on a loopback port of its own. */
export async function apigeeSimulator(options: SimulatorOptions = {}): Promise<ApigeeSimulator> {
  const { org, management, token, nodes, gateway, identityAt, faults, ...world } = apigeeWorld(options);
  const servers: LoopbackServer[] = [];
  const listen = async (serve: Serve): Promise<string> => {
    const server = await loopbackServer(serve);
    servers.push(server);
    return server.url;
  };
  const managementUrl = await listen(management);
  const identityUrl = await listen(token);
  const gatewayUrl = await listen(gateway);
  const nodeUrls: string[] = [];
  for (const node of nodes) {
    nodeUrls.push(await listen(node));
  }
  const controlUrl = await listen(controlServer(world, faults));
  return {
    ...world,
    organization: org.name,
    managementUrl: `${managementUrl}/v1`,
    gatewayUrl,
    nodeUrls,
    controlUrl,
    ...identityAt(identityUrl),
    async close() {
      await Promise.all(servers.splice(0).map((server) => server.close()));
    },
  };
}
