import { notificationTestKey } from '@keyturn/aws/notification-test';

import type { TestRequest } from './queued-event.ts';
import { tellAddresses } from './tell-addresses.ts';
import type { Deps } from './tell-story.ts';
import { testNotice } from './test-notice.ts';

/**
 * Sends a test message to every address of an owner, by the way that all messages go, and notes what became of each. An address that refuses is
 * an answer and no failure.
 */
export async function testRoute({ data, metadata }: TestRequest, deps: Deps): Promise<void> {
  const { owner, environment } = data;
  const { correlationId } = metadata;
  const message = { type: 'NotificationTestRequested', kind: 'test', notice: testNotice(data) } as const;
  await tellAddresses({ ...message, owner, environment, correlationId }, notificationTestKey(correlationId), deps);
}
