import type { ModeResult } from './run-mode.ts';

type Judged = Pick<ModeResult, 'mode' | 'provider' | 'runs' | 'undisturbed' | 'soaked'>;

/** What else than a counterexample makes a mode fail, a line each. */
export function complaints({ mode, provider, runs, undisturbed, soaked }: Judged): readonly string[] {
  const broken = (soaked?.violations ?? []).map(
    ({ seed, time, rule, what }) =>
      `secret ${seed}: ${new Date(time).toISOString()} ${rule}: ${what}; again: --mode soak --provider ${provider} --secret ${seed}`,
  );
  const nothing = runs === 0 ? [`${mode} with ${provider} played nothing`] : [];
  return [...nothing, ...broken, ...undisturbed.map((call) => `${mode} with ${provider} left undisturbed: ${call}`)];
}
