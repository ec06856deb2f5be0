import { apigateway } from './scenarios/apigateway.ts';
import { apigee, apigeeEdge, apigeeGenerated } from './scenarios/apigee.ts';
import { portal } from './scenarios/portal.ts';
import { ssh } from './scenarios/ssh.ts';
import { token } from './scenarios/token.ts';
import type { Safeguard, Scenario } from './simulated-provider.ts';

/** Whatever can be played, the default first. */
export const scenarios: readonly Scenario[] = [apigee, apigeeEdge, apigeeGenerated, apigateway, token, portal, ssh];

export const defaultScenario: Scenario = apigee;

/** What `--without` may take out of a scenario. */
export function safeguardsOf({ safeguards = ['hold-off', 'grace'] }: Scenario): readonly Safeguard[] {
  return safeguards;
}

/** For a help text: a line for each. */
export function listScenarios(): string {
  const width = Math.max(...scenarios.map(({ name }) => name.length));
  return scenarios.map(({ name, title }) => `  ${name.padEnd(width)}  ${title}\n`).join('');
}
