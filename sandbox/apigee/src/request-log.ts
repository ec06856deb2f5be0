import type { RequestRecord, Surface } from './simulator.ts';

export type RequestLog = { add: (record: RequestRecord) => void; all: () => readonly RequestRecord[] };

/** Rows kept of each surface: a sandbox runs for days, and load on the gateway must not push management calls out. */
const rowsPerSurface = 20_000;

export function requestLog(): RequestLog {
  const rows: Record<Surface, { order: number; record: RequestRecord }[]> = { management: [], token: [], gateway: [] };
  let order = 0;
  return {
    add(record) {
      const kept = rows[record.surface];
      kept.push({ order: order++, record });
      if (kept.length >= 2 * rowsPerSurface) {
        kept.splice(0, rowsPerSurface);
      }
    },
    all: () =>
      Object.values(rows)
        .flat()
        .sort((a, b) => a.order - b.order)
        .map(({ record }) => record),
  };
}
