import { fleetNoticeKey } from '@keyturn/aws/notification-test';
import { PermanentError } from '@keyturn/rotation/errors';

import { pauseNotice } from './pause-notice.ts';
import type { PausedFleet } from './queued-event.ts';
import { tellAddresses } from './tell-addresses.ts';
import type { Deps } from './tell-story.ts';

/**
 * Tells those who look after Keyturn, by the default route, that the fleet paused itself: once at each address. PermanentError: some address refuses it, and
 * all the others have it.
 */
export async function tellPause({ data, metadata }: PausedFleet, deps: Deps): Promise<void> {
  const { environment } = data;
  const { correlationId } = metadata;
  const message = { type: 'FleetPaused', kind: 'alert', notice: pauseNotice(data), owner: 'default' } as const;
  const outcomes = await tellAddresses({ ...message, environment, correlationId }, fleetNoticeKey(correlationId), deps);
  const refusal = outcomes.find(({ state }) => state === 'refused');
  if (refusal === undefined) return;
  const field = refusal.field ?? 'routes.default';
  throw new PermanentError('provider-refused', refusal.message ?? 'The address refuses it', { field });
}
