import { expect, test } from 'vitest';
import { requestLog } from './request-log.ts';
import type { RequestRecord } from './simulator.ts';

const record = (surface: RequestRecord['surface'], path: string): RequestRecord => ({
  at: 0,
  surface,
  method: 'GET',
  path,
  query: [],
  status: 200,
});

test('keeps the order of all surfaces, and load on the gateway pushes no management call out', () => {
  const log = requestLog();

  log.add(record('management', '/first'));
  for (let n = 0; n < 50_000; n += 1) {
    log.add(record('gateway', `/${n}`));
  }
  log.add(record('management', '/last'));

  const paths = log.all().map(({ path }) => path);
  expect([paths[0], paths.at(-2), paths.at(-1)]).toEqual(['/first', '/49999', '/last']);
  expect(paths.length).toBeLessThan(40_002);
  expect(paths.length).toBeGreaterThan(20_001);
});
