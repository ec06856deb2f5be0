import { Refused } from './aws-words.ts';

/** So many calls a second; what is beyond is refused, and did nothing. */
export function rateLimit(callsPerSecond: number, now: () => number): () => void {
  let left = callsPerSecond;
  let at = -Infinity;
  return () => {
    const time = now();
    left = Math.min(callsPerSecond, left + ((time - at) / 1000) * callsPerSecond);
    at = time;
    if (left < 1) throw new Refused(429, 'TooManyRequestsException', 'Too Many Requests');
    left -= 1;
  };
}
