import type { ApigeeConfig } from '@keyturn/config/config';
import { usageRangeMs } from '@keyturn/config/usage-range';
import { parseAnswer } from '@keyturn/http/parse-answer';
import type { Clock } from '@keyturn/rotation/clock';
import { PermanentError, TransientError } from '@keyturn/rotation/errors';
import type { Hidden } from '@keyturn/rotation/hidden';
import * as z from 'zod';

import type { ManagementApi } from './management-api.ts';

/**
 * When a key of the app was used last, as far as the statistics go back: not after this, in milliseconds since 1970. undefined: not at all. What
 * cannot be read is never "not at all": TransientError, or PermanentError (field `analytics`) where somebody has to change something.
 */
export type LastUse = (app: string, keyId: Hidden) => Promise<number | undefined>;

type Analytics = NonNullable<ApigeeConfig['analytics']>;

const minuteMs = 60_000;
const hourMs = 60 * minuteMs;
/** Apigee gives no more values than this, and does not say what it left out. */
const mostValues = 14_400;

export function readUsage(api: ManagementApi, { environments, lag }: Analytics, clock: Clock): LastUse {
  return async (app, keyId) => {
    const now = clock.now();
    const hours = await Promise.all(environments.map((environment) => lastHour(api, { environment, app, keyId, now })));
    const last = Math.max(...hours.map((hour) => hour ?? -Infinity));
    return last === -Infinity ? undefined : Math.min(last + hourMs + lag, now);
  };
}

type Asked = { readonly environment: string; readonly app: string; readonly keyId: Hidden; readonly now: number };

// The app is in the URL and the key is not: it is looked for among those that come back.
async function lastHour(api: ManagementApi, { environment, app, keyId, now }: Asked): Promise<number | undefined> {
  const query = {
    select: 'sum(message_count)',
    timeUnit: 'hour',
    timeRange: `${dateTime(now - usageRangeMs)}~${dateTime(now + minuteMs)}`,
    filter: `(developer_app eq '${app}')`,
  };
  const path = ['environments', environment, 'stats', 'client_id'];
  const clients = await readClients(api, path, query);
  if (clients.reduce((sum, { hours }) => sum + hours.length, 0) >= mostValues) {
    throw new PermanentError('unsupported', 'The app has more keys than its statistics can tell apart', {
      field: 'analytics',
    });
  }
  const used = clients
    .flatMap(({ name, hours }) => (name === keyId.reveal() ? hours : []))
    .filter(({ calls }) => calls > 0);
  return used.length === 0 ? undefined : Math.max(...used.map(({ at }) => at));
}

const hour = z
  .object({ timestamp: z.int(), value: z.string().regex(/^\d+(\.\d+)?(E\d+)?$/) })
  .transform(({ timestamp, value }) => ({ at: timestamp, calls: Number(value) }));
const statistics = z.object({
  environments: z.array(
    z.object({
      dimensions: z
        .array(
          z
            // Newer ones tell the names of each dimension in a list.
            .object({
              name: z.string().optional(),
              individualNames: z.array(z.string()).optional(),
              metrics: z.array(z.object({ values: z.array(hour) })),
            })
            .transform(({ name, individualNames, metrics }) => ({
              name: name ?? individualNames?.[0],
              hours: metrics.flatMap(({ values }) => values),
            })),
        )
        .default([]),
    }),
  ),
  // What could not be asked: the rest says nothing of it.
  metaData: z.object({ errors: z.array(z.unknown()).max(0).optional() }).optional(),
});

async function readClients(api: ManagementApi, path: readonly string[], query: Readonly<Record<string, string>>) {
  try {
    const answer = await api({ operation: 'read the statistics', method: 'GET', path, query }, 'not-found', 'denied');
    if (answer === 'denied') throw problem('access-denied', 'The statistics may not be read');
    if (answer === 'not-found') throw problem('misconfigured', 'There is no such environment');
    return parseAnswer(answer, statistics).environments.flatMap(({ dimensions }) => dimensions);
  } catch (error) {
    // What Apigee says of its statistics is no word about the key: it is asked again.
    if (!(error instanceof PermanentError) || error.field === 'analytics') throw error;
    throw new TransientError('The statistics cannot be read', { cause: error });
  }
}

function problem(reason: 'access-denied' | 'misconfigured', message: string): PermanentError {
  return new PermanentError(reason, message, { field: 'analytics' });
}

/** MM/DD/YYYY HH:MM in UTC. */
function dateTime(ms: number): string {
  const [date = '', time = ''] = new Date(ms).toISOString().split('T');
  const [year, month, day] = date.split('-');
  return `${month}/${day}/${year} ${time.slice(0, 5)}`;
}
