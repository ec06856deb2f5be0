/** A number from 0 up to, but not including, 1. For jitter, not for keys. */
export type Random = () => number;
