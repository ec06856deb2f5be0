import { randomInt } from 'node:crypto';

/** A number from 0 up to, but not including, 1. For jitter, not for keys. */
export type Random = () => number;

export const systemRandom: Random = () => randomInt(2 ** 32) / 2 ** 32;
