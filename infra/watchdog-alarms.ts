import { alarm, type Measure } from './alarm.ts';
import type { Resources } from './cloud-formation.ts';

/** What the watchdog found, by the metrics of its log. Owners hear of their own secrets; these are for the people who run Keyturn. */
export function watchdogAlarms(stage: string, base: string, runbooks: string): Resources {
  const measure = (metric: string): Measure => ({
    namespace: 'Keyturn',
    metric,
    dimensions: { Stage: stage, Service: 'watchdog' },
    statistic: 'Maximum',
    // Runs are an hour apart, some seconds more or less.
    period: 7_200,
  });
  return {
    WatchdogFailuresAlarm: alarm({
      ...measure('Failures'),
      name: `${base}-watchdog-failures`,
      says: 'The watchdog could not look at something: a secret, a place at a provider, or the list itself.',
      runbook: 'watchdog-failures',
      runbooks,
      above: 0,
    }),
    WatchdogLeftAlarm: alarm({
      ...measure('Left'),
      name: `${base}-watchdog-left`,
      says: 'The watchdog does not get through all secrets within its time.',
      runbook: 'watchdog-left',
      runbooks,
      above: 0,
    }),
    RotationOverdueAlarm: alarm({
      ...measure('Overdue'),
      name: `${base}-rotation-overdue`,
      says: 'Secrets are not rotated as they should be, or a credential of Keyturn itself is too old; their owners were told.',
      runbook: 'rotation-overdue',
      runbooks,
      above: 0,
    }),
    RotationStuckAlarm: alarm({
      ...measure('Stuck'),
      periods: 4,
      name: `${base}-rotation-stuck`,
      says: 'For eight hours there were rotations that go neither on nor back.',
      runbook: 'rotation-stuck',
      runbooks,
      above: 0,
    }),
  };
}
