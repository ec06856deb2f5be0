import type { Config } from './config.ts';

export type Timing = {
  /** Added to every deadline: twice the clock skew that is tolerated. */
  readonly marginMs: number;
  readonly eventLagMs: number;
  readonly orphanMinAgeMs: number;
  readonly holdRetryMs: number;
  /** A version that has been pending for longer is stuck. */
  readonly stuckAfterMs: number;
};

export function timingOf(config: Config): Timing {
  const { toleratedSkew, eventLag, orphanMinAge, holdRetry, stuckAfter } = config.timing;
  return {
    marginMs: 2 * toleratedSkew,
    eventLagMs: eventLag,
    orphanMinAgeMs: orphanMinAge,
    holdRetryMs: holdRetry,
    stuckAfterMs: stuckAfter,
  };
}
