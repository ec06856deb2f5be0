import * as z from 'zod';

const units = new Map([
  ['d', 86_400_000],
  ['h', 3_600_000],
  ['m', 60_000],
  ['s', 1000],
  ['ms', 1],
]);

const longestDays = 3650;

/** `90s`, `10m`, `24h`, `7d` → milliseconds. */
export const duration = z
  .string()
  .regex(/^\d{1,9}(ms|s|m|h|d)$/, 'a duration such as 90s, 10m, 24h or 7d')
  .transform((text) => Number.parseInt(text, 10) * (units.get(text.replace(/^\d+/, '')) ?? Number.NaN))
  .refine((ms) => ms <= longestDays * 86_400_000, `at most ${longestDays}d`);

/** Milliseconds as people write them: `90s`, `36h`, `7d`, and `2h 18m` where one unit makes a large number. */
export function formatDuration(ms: number): string {
  if (ms === 0) return '0s';
  const [unit, size] = [...units].find(([, size]) => ms % size === 0) ?? ['ms', 1];
  if (ms / size <= 120) return `${ms / size}${unit}`;
  const parts: string[] = [];
  let rest = ms;
  for (const [unit, size] of units) {
    if (rest >= size) parts.push(`${Math.floor(rest / size)}${unit}`);
    rest %= size;
  }
  return parts.join(' ');
}
