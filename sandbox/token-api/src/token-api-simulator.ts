import { loopbackServer } from '@keyturn/apigee-simulator/loopback-server';

import type { TokenApiOptions } from './simulator.ts';
import { type Serve, type TokenApiWorld, tokenApiWorld } from './token-api-world.ts';

export type TokenApiSimulator = TokenApiWorld & {
  readonly managementUrl: string;
  /** One URL in front of all nodes, which take requests in turn. */
  readonly gatewayUrl: string;
  /** Each node by itself, in the order of the options. */
  readonly nodeUrls: readonly string[];
  /** Ends every server and every open connection. */
  readonly close: () => Promise<void>;
};

/** An API that issues tokens for tests and the demo: the management API and a data plane, each on a loopback port of its own. */
export async function tokenApiSimulator(options: TokenApiOptions): Promise<TokenApiSimulator> {
  const world = tokenApiWorld(options);
  const closing: (() => Promise<void>)[] = [];
  const listen = async (serve: Serve) => {
    const { url, close } = await loopbackServer(serve);
    closing.push(close);
    return url;
  };
  const managementUrl = await listen(world.management);
  const gatewayUrl = await listen(world.gateway);
  const nodeUrls: string[] = [];
  for (const node of world.nodes) nodeUrls.push(await listen(node));
  return {
    ...world,
    managementUrl,
    gatewayUrl,
    nodeUrls,
    async close() {
      await Promise.all(closing.splice(0).map((close) => close()));
    },
  };
}
