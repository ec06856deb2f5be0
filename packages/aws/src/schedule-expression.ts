/** A `rate(…)` or `cron(…)` of AWS, in UTC. */
export type Schedule = {
  readonly kind: 'rate' | 'cron';
  /** The fields inside the brackets. */
  readonly fields: readonly string[];
  /** The first time after `after`, both in milliseconds since 1970; undefined if there is none within ten years. */
  next(after: number): number | undefined;
};

/** undefined: not a schedule expression, or one with `W`, which is not supported. */
export function parseSchedule(text: string): Schedule | undefined {
  const match = /^(rate|cron)\(([^()]+)\)$/.exec(text.trim());
  if (match === null) return undefined;
  const fields = (match[2] ?? '').trim().split(/\s+/);
  return match[1] === 'rate' ? rate(fields) : cron(fields);
}

const minute = 60_000;
const unitMs: Readonly<Record<string, number>> = { minute, hour: 60 * minute, day: 24 * 60 * minute };

function rate(fields: readonly string[]): Schedule | undefined {
  const count = Number(fields[0]);
  const unit = unitMs[(fields[1] ?? '').replace(/s$/, '')];
  const plural = fields[1]?.endsWith('s') ?? false;
  if (fields.length !== 2 || unit === undefined || !Number.isSafeInteger(count) || count < 1) return undefined;
  if (plural !== count > 1) return undefined;
  return { kind: 'rate', fields, next: (after) => after + count * unit };
}

const months = ['JAN', 'FEB', 'MAR', 'APR', 'MAY', 'JUN', 'JUL', 'AUG', 'SEP', 'OCT', 'NOV', 'DEC'];
const weekdays = ['SUN', 'MON', 'TUE', 'WED', 'THU', 'FRI', 'SAT'];

function cron(fields: readonly string[]): Schedule | undefined {
  const [minuteField, hourField, dayField, monthField, weekdayField, yearField] = fields;
  if (fields.length !== 6 || (dayField === '?') === (weekdayField === '?')) return undefined;
  const minutes = numbers(minuteField, 0, 59);
  const hours = numbers(hourField, 0, 23);
  const month = numbers(named(monthField, months), 1, 12);
  const year = numbers(yearField, 1970, 2199);
  const day = weekdayField === '?' ? dayOfMonth(dayField) : dayOfWeek(named(weekdayField, weekdays));
  if (!minutes || !hours || !month || !year || !day) return undefined;
  const matches = (date: Date) => year.has(date.getUTCFullYear()) && month.has(date.getUTCMonth() + 1) && day(date);
  return { kind: 'cron', fields, next: (after) => nextTime(after, matches, [...hours], [...minutes]) };
}

function nextTime(
  after: number,
  matches: (date: Date) => boolean,
  hours: readonly number[],
  minutes: readonly number[],
) {
  const dayMs = 24 * 60 * minute;
  const firstDay = Math.floor(after / dayMs) * dayMs;
  for (let start = firstDay; start < firstDay + 3660 * dayMs; start += dayMs) {
    if (!matches(new Date(start))) continue;
    const times = hours.flatMap((hour) => minutes.map((m) => start + (hour * 60 + m) * minute));
    const next = times.sort((a, b) => a - b).find((time) => time > after);
    if (next !== undefined) return next;
  }
  return undefined;
}

const named = (field: string | undefined, names: readonly string[]) =>
  field?.replaceAll(/[A-Z]{3}/g, (name) => (names.includes(name) ? String(names.indexOf(name) + 1) : name));

/** A list of `*`, `n`, `n-m`, and each of them with `/step`. */
function numbers(field: string | undefined, min: number, max: number): ReadonlySet<number> | undefined {
  const parts = (field ?? '').split(',').map((part) => span(part, min, max));
  const found = parts.flatMap((part) => part ?? []);
  return parts.includes(undefined) ? undefined : new Set(found);
}

function span(part: string, min: number, max: number): readonly number[] | undefined {
  const match = /^(?:\*|(\d+)(?:-(\d+))?)(?:\/(\d+))?$/.exec(part);
  if (match === null) return undefined;
  const [, first, last, step] = match;
  const from = Number(first ?? min);
  const open = first === undefined || step !== undefined;
  const to = Number(last ?? (open ? max : from));
  const by = Number(step ?? 1);
  if (from < min || to > max || from > to || by < 1) return undefined;
  return Array.from({ length: Math.floor((to - from) / by) + 1 }, (_, n) => from + n * by);
}

function dayOfMonth(field: string | undefined): ((date: Date) => boolean) | undefined {
  if (field === 'L') return (date) => date.getUTCDate() === lastDate(date);
  const days = numbers(field, 1, 31);
  return days && ((date) => days.has(date.getUTCDate()));
}

/** 1 is Sunday. `2#1` is the first Monday of the month, `6L` its last Friday. */
function dayOfWeek(field: string | undefined): ((date: Date) => boolean) | undefined {
  const ordinal = /^([1-7])(?:#([1-5])|(L))$/.exec(field ?? '');
  if (ordinal !== null) {
    const [, weekday, nth, last] = ordinal;
    return (date) =>
      date.getUTCDay() + 1 === Number(weekday) &&
      (last === undefined ? Math.ceil(date.getUTCDate() / 7) === Number(nth) : date.getUTCDate() + 7 > lastDate(date));
  }
  const days = numbers(field, 1, 7);
  return days && ((date) => days.has(date.getUTCDay() + 1));
}

const lastDate = (date: Date) => new Date(Date.UTC(date.getUTCFullYear(), date.getUTCMonth() + 1, 0)).getUTCDate();
