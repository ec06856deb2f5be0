import type { Progress } from './progress.ts';
import type { Scenario } from './simulated-provider.ts';

/** How one scenario ended: its exit code, and its line of JSON where it came so far. */
export type Played = { readonly exitCode: number; readonly line: string | undefined };

type Options = {
  readonly say: Pick<Progress, 'happened'>;
  /** Gets a line of JSON for each, and one for all. */
  readonly write: (line: string) => void;
  readonly play: (scenario: Scenario) => Promise<Played>;
};

/** Plays one after the other. Gives the names of the ones that did not pass. */
export async function playAll(
  scenarios: readonly Scenario[],
  { say, write, play }: Options,
): Promise<readonly string[]> {
  const failed: string[] = [];
  for (const [index, scenario] of scenarios.entries()) {
    say.happened(`${index + 1} of ${scenarios.length}: ${scenario.name}`);
    const { exitCode, line } = await play(scenario);
    write(line ?? JSON.stringify({ provider: scenario.name, broken: `ended with exit code ${exitCode}` }));
    if (exitCode !== 0) failed.push(scenario.name);
  }
  write(JSON.stringify({ providers: scenarios.length, failed }));
  say.happened(
    failed.length === 0
      ? `all ${scenarios.length} providers passed`
      : `${failed.length} of ${scenarios.length} providers failed: ${failed.join(', ')}`,
  );
  return failed;
}
