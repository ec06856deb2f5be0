import type { ApiGatewayConfig } from '@keyturn/config/config';
import type { Clock } from '@keyturn/rotation/clock';

import type { ApiKey, ApiKeys } from './api-keys.ts';

/**
 * When a key was used last, as far as the usage plans were read back: not after this, in milliseconds since 1970. undefined: not at all. AWS counts by the
 * day, so of today it is said that the key was used just now.
 */
export type LastUse = (plans: readonly string[], key: ApiKey) => Promise<number | undefined>;

const dayMs = 24 * 3_600_000;

export function readUsage(
  api: Pick<ApiKeys, 'daysUsed'>,
  { lag, range }: NonNullable<ApiGatewayConfig['usage']>,
  clock: Clock,
): LastUse {
  return async (plans, key) => {
    const now = clock.now();
    const days: string[] = [];
    for (const plan of plans) days.push(...(await api.daysUsed(plan, key, { from: day(now - range), to: day(now) })));
    const last = days.sort().at(-1);
    return last === undefined ? undefined : Math.min(Date.parse(last) + dayMs + lag, now);
  };
}

const day = (ms: number): string => new Date(ms).toISOString().slice(0, 10);
