import { ApigeeError } from './apigee-error.ts';

/** `MM/DD/YYYY HH:MM~MM/DD/YYYY HH:MM` in UTC, the end excluded, in milliseconds since 1970. */
export function timeRange(text: string): { from: number; to: number } {
  const [from, to, ...more] = text.split('~').map(timeOf);
  if (from === undefined || to === undefined || more.length > 0 || from >= to) {
    throw new ApigeeError(400, 'timeRange is MM/DD/YYYY HH:MM~MM/DD/YYYY HH:MM, the earlier time first');
  }
  return { from, to };
}

function timeOf(text: string): number | undefined {
  const [, month = '', day = '', year = '', hour = '', minute = ''] =
    /^(\d{1,2})\/(\d{1,2})\/(\d{4}) (\d{2}):(\d{2})$/u.exec(text) ?? [];
  const iso = `${year}-${month.padStart(2, '0')}-${day.padStart(2, '0')}T${hour}:${minute}:00.000Z`;
  const time = Date.parse(iso);
  // 02/30 and 24:00 would move on to another day.
  return Number.isNaN(time) || new Date(time).toISOString() !== iso ? undefined : time;
}
