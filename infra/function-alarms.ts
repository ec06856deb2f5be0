import type { Config } from '@keyturn/config/config';

import { alarm, type Measure } from './alarm.ts';
import { merge, ref, type Resources } from './cloud-formation.ts';
import { deployedFunctions, type Deployed } from './functions.ts';

/**
 * Errors and throttles of every function. A function that fails now and then is called again, so that one error means little; the rotation
 * handler ends every failed rotation in an error, of which owners hear by RotationFailed: there only many at once are ours.
 */
export function functionAlarms(config: Config, base: string): Resources {
  const functions = deployedFunctions(config);
  return {
    ...merge(functions.map((deployed) => alarmsOf(deployed, config))),
    HandlerSlowAlarm: alarm({
      ...measure('RotationHandler', 'Duration', 300),
      statistic: 'Maximum',
      name: `${base}-rotation-handler-slow`,
      says: 'A step of a rotation took more than 13.5 of the 15 minutes that a function may run.',
      runbook: 'rotation-handler-slow',
      runbooks: config.runbooks,
      above: 810_000,
    }),
  };
}

function alarmsOf({ id, name }: Deployed, { runbooks }: Config): Resources {
  const handler = id === 'RotationHandler';
  // One run an hour, which the others do not have.
  const hourly = id === 'Watchdog';
  return {
    [`${id}ErrorsAlarm`]: alarm({
      ...measure(id, 'Errors', handler ? 3600 : hourly ? 10_800 : 900),
      name: `${name}-errors`,
      says: handler ? 'More than nine steps of rotations failed within an hour.' : `${name} fails again and again.`,
      runbook: handler ? 'rotations-fail' : 'function-errors',
      runbooks,
      above: handler ? 9 : hourly ? 1 : 2,
    }),
    [`${id}ThrottlesAlarm`]: alarm({
      ...measure(id, 'Throttles', 900),
      name: `${name}-throttles`,
      says: `Lambda refused to run ${name}: the account's concurrency is used up.`,
      runbook: 'function-throttled',
      runbooks,
      above: 0,
    }),
  };
}

const measure = (id: string, metric: string, period: number): Measure => ({
  namespace: 'AWS/Lambda',
  metric,
  dimensions: { FunctionName: ref(`${id}LambdaFunction`) },
  statistic: 'Sum',
  period,
});
