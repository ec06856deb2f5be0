import { expect, test } from 'vitest';

import { memoryMetrics } from './memory-metrics.ts';
import { emfMetrics } from './metrics.ts';

test('writes one line that CloudWatch makes metrics of, with stage and service as the only dimensions', () => {
  const lines: string[] = [];
  const metrics = emfMetrics({
    stage: 'prod',
    service: 'watchdog',
    clock: { now: () => 1_700_000_000_000 },
    write: (line) => void lines.push(line),
  });

  metrics.put({ Watched: 12, Left: 0 });

  expect(lines.map((line) => JSON.parse(line) as unknown)).toEqual([
    {
      _aws: {
        Timestamp: 1_700_000_000_000,
        CloudWatchMetrics: [
          {
            Namespace: 'Keyturn',
            Dimensions: [['Stage', 'Service']],
            Metrics: [{ Name: 'Watched' }, { Name: 'Left' }],
          },
        ],
      },
      Stage: 'prod',
      Service: 'watchdog',
      Watched: 12,
      Left: 0,
    },
  ]);
  expect(lines[0]).not.toContain('\n');
});

test('in memory they are kept run by run', () => {
  const metrics = memoryMetrics();
  const values = { Watched: 1 };

  metrics.put(values);
  values.Watched = 2;
  metrics.put(values);

  expect(metrics.runs).toEqual([{ Watched: 1 }, { Watched: 2 }]);
});
