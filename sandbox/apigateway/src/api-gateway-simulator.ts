import type { Serve } from '@keyturn/apigee-simulator/apigee-world';
import { type LoopbackServer, loopbackServer } from '@keyturn/apigee-simulator/loopback-server';

import { apiGatewayWorld } from './api-gateway-world.ts';
import type { ApiGatewaySimulator, SimulatorOptions } from './simulator.ts';

/** API Gateway for tests and the demo: the control plane, all nodes together and each node, each on a loopback port of its own. */
export async function apiGatewaySimulator(options: SimulatorOptions = {}): Promise<ApiGatewaySimulator> {
  const { management, gateway, nodes, ...world } = apiGatewayWorld(options);
  const servers: LoopbackServer[] = [];
  const listen = async (serve: Serve): Promise<string> => {
    const server = await loopbackServer(serve);
    servers.push(server);
    return server.url;
  };
  const managementUrl = await listen(management);
  const gatewayUrl = await listen(gateway);
  const nodeUrls: string[] = [];
  for (const node of nodes) nodeUrls.push(await listen(node));
  return {
    ...world,
    managementUrl,
    gatewayUrl,
    nodeUrls,
    async close() {
      await Promise.all(servers.splice(0).map((server) => server.close()));
    },
  };
}
