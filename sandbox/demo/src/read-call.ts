import { defaultScenario, safeguardsOf, scenarios } from './scenarios.ts';
import { safeguards, type Safeguard, type Scenario } from './simulated-provider.ts';

/** What stands behind the options of the command line. */
export type Wishes = {
  readonly provider?: string | undefined;
  readonly without?: string | undefined;
  readonly json?: boolean | undefined;
};

export type Call = {
  /** One, or for `all` everyone that can be played as it is wished. */
  readonly scenario: Scenario | readonly Scenario[];
  readonly without: Safeguard | undefined;
  readonly json: boolean;
};

/** A call that asks for what there is not; its message is for whoever typed it. */
export class WrongCall extends Error {
  override readonly name = 'WrongCall';
}

/** Throws WrongCall. `known`: the registry, the default first. */
export function readCall(wishes: Wishes, known: readonly Scenario[] = scenarios): Call {
  const without = wishes.without === undefined ? undefined : safeguardNamed(wishes.without);
  const json = wishes.json === true;
  const canPlay = (scenario: Scenario) => without === undefined || safeguardsOf(scenario).includes(without);
  if (wishes.provider === 'all') return { scenario: known.filter(canPlay), without, json };
  const scenario = readScenario(wishes.provider, known);
  if (!canPlay(scenario)) {
    throw new WrongCall(`${scenario.name} plays without ${safeguardsOf(scenario).join(', ')}; not without ${without}`);
  }
  return { scenario, without, json };
}

/** The default where no name is given. Throws WrongCall. */
export function readScenario(name: string | undefined, known: readonly Scenario[] = scenarios): Scenario {
  if (name === undefined) return defaultScenario;
  const found = known.find((scenario) => scenario.name === name);
  if (found === undefined) {
    throw new WrongCall(`there is no provider ${name}; there are ${known.map((scenario) => scenario.name).join(', ')}`);
  }
  return found;
}

function safeguardNamed(name: string): Safeguard {
  const found = safeguards.find((safeguard) => safeguard === name);
  if (found === undefined) throw new WrongCall(`there is no safeguard ${name}; there are ${safeguards.join(', ')}`);
  return found;
}
