import { ApigeeError } from './apigee-error.ts';

export const appsPerAnswer = 100;

/** One page of what is listed from a start key on, the start key included. `sorted` is in the order of its keys. */
export function keyPage<T>(
  sorted: readonly T[],
  keyOf: (one: T) => string,
  { startKey, count }: { startKey: string | null; count: string | null },
): readonly T[] {
  const from = startKey === null ? 0 : sorted.findIndex((one) => keyOf(one) === startKey);
  if (from < 0) {
    throw new ApigeeError(400, 'startKey names no app of this list');
  }
  const size = Math.min(Number(count ?? appsPerAnswer), appsPerAnswer);
  if (!(size > 0)) {
    throw new ApigeeError(400, 'The number of apps of a page is above 0');
  }
  return sorted.slice(from, from + size);
}
