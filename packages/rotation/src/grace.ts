/** How an application reads a secret, hence how long it may still use the key it read before. All in milliseconds. */
export type Reader = {
  readonly id: string;
  /** Longest time between two reads. */
  readonly refreshMs: number;
  /** How long it goes on with the old value while Secrets Manager does not answer. */
  readonly staleOnErrorMs: number;
  /** Life of a token it minted from the key. */
  readonly tokenLifetimeMs: number;
};

export type GraceTiming = {
  /** From the label move to the moment we see it. */
  readonly eventLagMs: number;
  /** How long the provider's nodes go on with what they knew of a key. */
  readonly revocationCacheMs: number;
  /** At least twice the tolerated clock skew. */
  readonly marginMs: number;
};

export type RequiredGrace = {
  readonly totalMs: number;
  readonly parts: readonly { readonly name: string; readonly ms: number }[];
};

/** The shortest grace that fails none of these readers, with the parts that make the sum, for people to read. */
export function requiredGrace(readers: readonly Reader[], timing: GraceTiming): RequiredGrace {
  const slowest = readers.reduce<Reader | undefined>(
    (worst, reader) => (worst === undefined || span(reader) > span(worst) ? reader : worst),
    undefined,
  );
  const parts = [
    ...(slowest === undefined
      ? []
      : [
          { name: `refresh of reader ${slowest.id}`, ms: slowest.refreshMs },
          { name: `stale-on-error of reader ${slowest.id}`, ms: slowest.staleOnErrorMs },
          { name: `token lifetime of reader ${slowest.id}`, ms: slowest.tokenLifetimeMs },
        ]),
    { name: 'event lag', ms: timing.eventLagMs },
    { name: 'revocation cache of the provider', ms: timing.revocationCacheMs },
    { name: 'clock margin', ms: timing.marginMs },
  ];
  return { totalMs: parts.reduce((sum, part) => sum + part.ms, 0), parts };
}

function span(reader: Reader): number {
  return reader.refreshMs + reader.staleOnErrorMs + reader.tokenLifetimeMs;
}
