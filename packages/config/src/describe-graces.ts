import { requiredGrace } from '@keyturn/rotation/grace';

import type { Config } from './config.ts';
import { formatDuration } from './duration.ts';
import { readersOf } from './readers-of.ts';
import { timingOf } from './timing.ts';

export type GraceSum = {
  readonly policy: string;
  readonly provider: string;
  readonly reader: string;
  readonly graceMs: number;
  readonly requiredMs: number;
  /** `1h refresh of reader x + …`: what makes the sum. */
  readonly sum: string;
};

/** For each policy, with each provider, what each of its readers takes of the grace. */
export function describeGraces(config: Config): readonly GraceSum[] {
  const { eventLagMs, marginMs } = timingOf(config);
  return Object.entries(config.policies).flatMap(([policy, { grace, readers, acceptOutage }]) =>
    Object.entries(config.providers).flatMap(([provider, { revocation }]) =>
      (acceptOutage ? [] : readers).map((reader) => {
        const timing = { eventLagMs, marginMs, revocationCacheMs: revocation };
        const { totalMs, parts } = requiredGrace(readersOf([reader], config), timing);
        const sum = parts.filter(({ ms }) => ms > 0).map(({ name, ms }) => `${formatDuration(ms)} ${name}`);
        return { policy, provider, reader, graceMs: grace, requiredMs: totalMs, sum: sum.join(' + ') };
      }),
    ),
  );
}
