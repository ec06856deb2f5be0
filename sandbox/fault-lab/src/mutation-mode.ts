import { covered } from './covered-mutants.ts';
import type { Hunt } from './hunt-mutant.ts';
import { mutants, type Mutant } from './mutants.ts';
import { runMutation, type Hunted } from './run-mutation.ts';

export type MutationOptions = Omit<Hunt, 'first'> & {
  /** One of them, or several joined by `+` that are missing at once; undefined: each alone, and then together those that cover each other. */
  readonly mutant: string | undefined;
};

type Say = { readonly happened: (text: string) => void; readonly counts: (text: string) => void };

/** The mutants that ids joined by `+` name. Throws, with all ids, where there is no such mutant. */
export function mutantsNamed(ids: string): readonly Mutant[] {
  return ids
    .split('+')
    .filter(Boolean)
    .map((id) => {
      const found = mutants.find((mutant) => mutant.id === id);
      if (found !== undefined) return found;
      throw new Error(`there is no mutant ${id}; there are ${mutants.map((mutant) => mutant.id).join(', ')}`);
    });
}

/** Takes the safeguards away and looks for the run that notices. `hunted` hears of each. Answers how many nobody noticed that should have been. */
export async function mutationMode(
  { mutant, ...hunt }: MutationOptions,
  say: Say,
  hunted: (result: Hunted) => void,
): Promise<number> {
  const meanwhile = {
    progress: (id: string, runs: number) => say.counts(`mutation: ${id}, ${runs} runs`),
    done(result: Hunted): void {
      say.happened(inWords(result));
      hunted(result);
    },
  };
  if (mutant !== undefined) {
    const results = await runMutation([mutantsNamed(mutant)], hunt, meanwhile);
    return results.filter(isMissed).length;
  }
  const alone = await runMutation(
    mutants.map((one) => [one]),
    hunt,
    meanwhile,
  );
  const survivors = alone.filter(({ killedBy }) => killedBy === null);
  const pairs = new Set(survivors.flatMap((one) => coverOf(one)?.together.join('+') ?? []));
  const together = await runMutation([...pairs].map(mutantsNamed), hunt, meanwhile);
  return [...alone, ...together].filter(isMissed).length;
}

const coverOf = ({ mutant }: Hunted) => covered.find((one) => one.mutant === mutant);

const isMissed = (result: Hunted): boolean => result.killedBy === null && coverOf(result) === undefined;

function inWords(result: Hunted): string {
  const { mutant, runs, killedBy } = result;
  if (killedBy === null) {
    const cover = coverOf(result);
    return cover === undefined
      ? `${mutant} SURVIVED ${runs} runs`
      : `${mutant} survived ${runs} runs: covered by ${cover.by}; together with it: ${cover.together.join('+')}`;
  }
  const { mode, provider, rule, plan } = killedBy;
  const where = mode === 'undisturbed' ? 'an undisturbed run' : `${mode}, ${JSON.stringify(plan)}`;
  return `${mutant} killed after ${runs} runs with ${provider} by ${where}: ${rule}`;
}
