import type { Shown } from './lab-channels.ts';
import type { LeakWatch, Sink } from './leak-watch.ts';
import { besideKey, type World } from './world.ts';

const sinkOf: Readonly<Record<Shown['by'], Sink>> = { slack: 'Slack', mail: 'mails', webhook: 'webhooks' };

/** What stands somewhere once a run is over. */
export async function hearWorld(w: World, watch: LeakWatch): Promise<void> {
  watch.canary('text beside the key', besideKey);
  for (const queue of Object.values(w.queues)) {
    for (const body of queue.bodies) watch.hear('queues', body);
    for (const { body, reason, attributes } of queue.everDead)
      watch.hear('dead letters', `${body}${reason}${attributes}`);
  }
  for (const text of w.rows.texts()) watch.hear('ledger', text);
  for (const { by, text } of w.channels.shown) watch.hear(sinkOf[by], text);
  for (const url of w.channels.urls) watch.hear('URLs', url);
  const { SecretList = [] } = await w.model.listSecrets({ IncludePlannedDeletion: true });
  for (const secret of SecretList) watch.hear('secrets as described', JSON.stringify(secret));
}
