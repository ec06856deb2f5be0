import { randomBytes } from 'node:crypto';

import { faults } from '@keyturn/apigee-simulator/faults';
import { requestLog } from '@keyturn/apigee-simulator/request-log';
import type { NodeTiming } from '@keyturn/apigee-simulator/simulator';
import { surface } from '@keyturn/apigee-simulator/surface';

import { account } from './account.ts';
import { gatewayRefusal, injectedWords } from './aws-words.ts';
import { gateway } from './gateway.ts';
import { hand, keyView } from './hand.ts';
import { management } from './management.ts';
import { rateLimit } from './rate-limit.ts';
import type { ApiGatewayWorld, SimulatorOptions } from './simulator.ts';

const prompt: NodeTiming = { propagationMs: 0, revocationMs: 0, negativeMs: 0 };
const byChance = (length: number) => () => randomBytes(length).toString('hex').slice(0, length);

/** The same options give the same world, as far as clock, newId and newValue are given. */
export function apiGatewayWorld(options: SimulatorOptions = {}): ApiGatewayWorld {
  const { clock = Date, nodes = [prompt, prompt, prompt], maxKeys = 10_000, callsPerSecond = 5 } = options;
  const { newId = byChance(10), newValue = byChance(40), usageLagMs = 0 } = options;
  const now = () => clock.now();
  const state = account();
  const injected = faults();
  const log = requestLog();
  const common = { faults: injected, log, now };
  const means = {
    account: state,
    now,
    newId,
    newValue,
    maxKeys,
    usageLagMs,
    creates: rateLimit(callsPerSecond, now),
    deletes: rateLimit(callsPerSecond, now),
  };
  const stages = gateway({ account: state, now, nodes });
  const words = (status: number) => gatewayRefusal(status, 'ForbiddenException', 'Injected');
  const runtime = surface({ ...common, surface: 'gateway', serve: stages.serve, words });
  let turn = 0;
  return {
    management: surface({ ...common, surface: 'management', serve: management(means), words: injectedWords }),
    nodes: nodes.map((_, number) => (incoming) => runtime(incoming, number)),
    gateway: (incoming) => runtime(incoming, turn++ % nodes.length),
    acceptedBy: stages.acceptedBy,
    seed(plans) {
      for (const plan of plans) state.addPlan(plan, 0);
    },
    keys: () => state.keys().map(keyView),
    hand: hand(means),
    inject: injected.inject,
    clearFaults: () => injected.clear(),
    requests: log.all,
  };
}
