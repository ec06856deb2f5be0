// Nobody may make us wait longer than this, in milliseconds.
const longestMs = 900_000;

/** The header Retry-After, seconds or a date, in milliseconds from `now`. undefined where it is absent or unreadable. */
export function retryAfterMs(header: unknown, now: number): number | undefined {
  if (typeof header !== 'string') return undefined;
  const text = header.trim();
  const ms = /^\d{1,10}$/.test(text) ? Number(text) * 1000 : dateOf(text) - now;
  return Number.isNaN(ms) ? undefined : Math.min(Math.max(ms, 0), longestMs);
}

// Date.parse reads far more than HTTP dates: `1.5` would be a day in May.
function dateOf(text: string): number {
  return /^[A-Za-z]{3,9}, .*GMT$/.test(text) ? Date.parse(text) : Number.NaN;
}
