import type { Config } from './config.ts';

export type Timing = {
  /** Added to every deadline: twice the clock skew that is tolerated. */
  readonly marginMs: number;
  readonly eventLagMs: number;
  readonly orphanMinAgeMs: number;
  readonly holdRetryMs: number;
};

export function timingOf(config: Config): Timing {
  const { toleratedSkew, eventLag, orphanMinAge, holdRetry } = config.timing;
  return {
    marginMs: 2 * toleratedSkew,
    eventLagMs: eventLag,
    orphanMinAgeMs: orphanMinAge,
    holdRetryMs: holdRetry,
  };
}
