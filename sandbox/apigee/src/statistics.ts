import { ApigeeError, refusal } from './apigee-error.ts';
import type { CallCount } from './analytics.ts';
import { dimensionOf, statisticsFilter } from './statistics-filter.ts';
import { timeRange } from './time-range.ts';
import { jsonAnswer } from './loopback-server.ts';
import type { Call, Operation, World } from './management-call.ts';

const metric = 'sum(message_count)';
const unitMs = new Map([
  ['minute', 60_000],
  ['hour', 3_600_000],
  ['day', 86_400_000],
]);
/** Apigee knows them; the simulator would give an answer that ignores them. */
const notSimulated = 'sort sortby topk limit offset tzo aggTable sonar'.split(' ');

/** `environments/{env}/stats/{dimensions}`: how many calls there were, by dimension and time. X and Edge answer alike. */
export function statistics(world: World): Operation {
  const { org, dialect, analytics } = world;
  return (call) => {
    const environment = call.params.get('environmentsId') ?? '';
    if (!analytics.allowed) {
      throw dialect.forbidden(`organizations/${org.name}/environments/${environment}`);
    }
    const index = analytics.environments.indexOf(environment);
    if (index < 0) {
      const code = 'messaging.config.beans.EnvironmentDoesNotExist';
      throw refusal(404, code, `Environment ${environment} does not exist in organization ${org.name}`);
    }
    const asked = askedOf(call);
    const counts = index === 0 ? analytics.counts().filter(asked.wanted) : [];
    const lines = Map.groupBy(counts, (count) => asked.names(count).join(','));
    const dimensions = [...lines.values()].map((found) => {
      const metrics = [{ name: metric, values: asked.values(found) }];
      return Object.assign(dialect.json.dimension(found[0] ? asked.names(found[0]) : []), { metrics });
    });
    return jsonAnswer(200, {
      // Without any data, the environment stands there by its name alone.
      environments: [{ ...(dimensions.length > 0 && { dimensions }), name: environment }],
      metaData: { errors: [], notices: ['Source:Simulator'] },
    });
  };
}

type Asked = {
  wanted: (count: CallCount) => boolean;
  names: (count: CallCount) => string[];
  values: (counts: readonly CallCount[]) => unknown[];
};

function askedOf({ params, query }: Call): Asked {
  const unknown = notSimulated.find((name) => query.has(name));
  if (unknown !== undefined || (query.get('select') ?? metric) !== metric) {
    throw new ApigeeError(501, `The simulator does not know ${unknown ?? `a metric other than ${metric}`}`);
  }
  if (!query.has('select')) {
    throw new ApigeeError(400, 'The query parameter select names the metrics');
  }
  const { from, to } = timeRange(query.get('timeRange') ?? '');
  const accepts = statisticsFilter(query.get('filter'));
  const dimensions = (params.get('statsId') ?? '').split(',').map(dimensionOf);
  const unit = query.get('timeUnit');
  const ms = unit === null ? undefined : unitMs.get(unit);
  if (unit !== null && ms === undefined) {
    throw new ApigeeError(501, `The simulator knows the time units ${[...unitMs.keys()].join(', ')}`);
  }
  const ascending = query.get('tsAscending') === 'true';
  return {
    wanted: (count) => count.minute >= from && count.minute < to && accepts(count.key),
    names: ({ key }) => dimensions.map((valueOf) => valueOf(key)),
    values: (counts) => (ms === undefined ? [total(counts)] : valuesByTime(counts, ms, ascending)),
  };
}

/** As Apigee writes a sum: a decimal number as text. */
const total = (counts: readonly CallCount[]): string => counts.reduce((sum, { calls }) => sum + calls, 0).toFixed(1);

/** Newest first unless asked otherwise; a time without calls is not there. */
function valuesByTime(counts: readonly CallCount[], unit: number, ascending: boolean): unknown[] {
  const byTime = [...Map.groupBy(counts, ({ minute }) => Math.floor(minute / unit) * unit)];
  return byTime
    .sort(([a], [b]) => (ascending ? a - b : b - a))
    .map(([timestamp, found]) => ({ timestamp, value: total(found) }));
}
