import { handleNotice } from '@keyturn/announcer/handle-notice';
import { parseNotice } from '@keyturn/announcer/parse-notice';
import { parseOutcome, settleRotation } from '@keyturn/cleanup/settle-rotation';
import { SecretRotated } from '@keyturn/events/secret-rotated';
import { onQueue } from '@keyturn/lambda/on-queue';
import { notifyOwner } from '@keyturn/notifier/notify-owner';
import { parseQueuedEvent } from '@keyturn/notifier/queued-event';
import { tellPause } from '@keyturn/notifier/tell-pause';
import { verifyCurrent } from '@keyturn/verifier/verify-current';

import { timeouts, type Ground } from './ground.ts';
import { labQueue, type LabQueue } from './lab-queue.ts';

export type QueueName = 'announcer' | 'verifier' | 'cleanup' | 'notifier';
type Queues = Readonly<Record<QueueName, LabQueue>>;

/** What each consumer is wired with. */
type Deps = {
  readonly announcer: Parameters<typeof handleNotice>[1];
  readonly verifier: Parameters<typeof verifyCurrent>[1];
  readonly cleanup: Parameters<typeof settleRotation>[1];
  readonly notifier: Parameters<typeof notifyOwner>[1];
};

/** Each consumer behind its queue, as its handler.ts wires it. `onUnheard`: the announcer gave up on a message, or will not hear it within an hour. */
export function labQueues(ground: Ground, deps: Deps, onUnheard: () => void): Queues {
  return {
    announcer: consumed(ground, 'announcer', parseNotice, (notice) => handleNotice(notice, deps.announcer), {
      onUnheard,
    }),
    verifier: consumed(
      ground,
      'verifier',
      (body) => SecretRotated.parse(body),
      (rotated) => verifyCurrent(rotated, deps.verifier),
    ),
    cleanup: consumed(ground, 'cleanup', parseOutcome, (outcome) => settleRotation(outcome, deps.cleanup)),
    // Slack may be down for hours: infra/queues.yml.
    notifier: consumed(ground, 'notifier', parseQueuedEvent, (event) => tell(event, deps.notifier), { tries: 50 }),
  };
}

async function tell(event: ReturnType<typeof parseQueuedEvent>, deps: Deps['notifier']): Promise<void> {
  if (event === undefined || event.type === 'NotificationTestRequested') return;
  await (event.type === 'FleetPaused' ? tellPause(event, deps) : notifyOwner(event, deps));
}

function consumed<Message>(
  { scheduler, calls, ended, log }: Ground,
  name: QueueName,
  parse: (body: unknown) => Message,
  handle: (message: Message) => Promise<void>,
  options: { readonly tries?: number; readonly onUnheard?: () => void } = {},
): LabQueue {
  const queue: LabQueue = labQueue({
    name,
    timeoutMs: timeouts[name],
    visibilityMs: 6 * timeouts[name],
    ...options,
    scheduler,
    calls,
    ended,
    handler: (event) => handler(event),
  });
  // What nobody foresaw comes again like any other failure, and leaves no trace but in the log.
  const heard = (message: Message) =>
    handle(message).catch((error: unknown) => {
      ended({ how: 'threw', error });
      throw error;
    });
  const handler = onQueue({ service: name, parse, handle: heard, consumed: queue.consumed, log });
  return queue;
}
