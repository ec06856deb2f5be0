import type { ModeResult } from './run-mode.ts';

type Judged = Pick<ModeResult, 'mode' | 'provider' | 'undisturbed' | 'soaked'>;

/** What else than a counterexample makes a mode fail, a line each. */
export function complaints({ mode, provider, undisturbed, soaked }: Judged): readonly string[] {
  const broken = (soaked?.violations ?? []).map(
    ({ seed, time, rule, what }) =>
      `secret ${seed}: ${new Date(time).toISOString()} ${rule}: ${what}; again: --mode soak --provider ${provider} --secret ${seed}`,
  );
  return [...broken, ...undisturbed.map((call) => `${mode} with ${provider} left undisturbed: ${call}`)];
}
