import { notificationTest, notificationTestKey, type NotificationOutcome } from '@keyturn/aws/notification-test';
import { addressesOf, addressName, type Address } from '@keyturn/config/addresses';
import { entry } from '@keyturn/config/entry';
import { PermanentError, TransientError } from '@keyturn/rotation/errors';

import type { TestRequest } from './queued-event.ts';
import { renderMail } from './render-mail.ts';
import { renderSlack } from './render-slack.ts';
import type { Deps } from './tell-story.ts';
import { testNotice } from './test-notice.ts';
import { deliveryId, known } from './webhook-steps.ts';

/**
 * Sends a test message to every address of an owner, by the way that all messages go, and notes what became of each. An address that refuses is
 * an answer and no failure; what may pass is thrown, so that the queue tries those addresses again.
 */
export async function testRoute(request: TestRequest, deps: Deps): Promise<void> {
  const { ledger, config } = deps;
  const { owner } = request.data;
  const key = notificationTestKey(request.metadata.correlationId);
  const found = await ledger.read(key, notificationTest);
  const hasRoute = entry(config.routes, owner) !== undefined;
  const addresses = new Map(addressesOf(config, owner).map((address) => [addressName(address), address]));
  let outcomes = [...addresses.keys()].map((address) => before(found?.value.outcomes, address));
  let rev = found?.rev ?? 0;

  const note = async () => {
    if (!(await ledger.write(key, { owner, hasRoute, outcomes }, rev))) {
      throw new TransientError('Somebody else runs the same test');
    }
    rev = (await ledger.read(key, notificationTest))?.rev ?? rev;
  };
  await note();
  const failures: unknown[] = [];
  for (const [name, address] of addresses) {
    if (isFinal(before(outcomes, name))) continue;
    const { outcome, failure } = await attempt(name, () => deliver(address, request, deps));
    if (failure !== undefined) failures.push(failure);
    outcomes = outcomes.map((other) => (other.address === name ? outcome : other));
    await note();
  }
  if (failures.length > 0) throw failures[0];
}

function before(outcomes: readonly NotificationOutcome[] = [], address: string): NotificationOutcome {
  const known = outcomes.find((outcome) => outcome.address === address);
  return known ?? { address, state: 'waiting', message: null, field: null };
}

const isFinal = ({ state }: NotificationOutcome): boolean => state === 'delivered' || state === 'refused';

type Attempt = { readonly outcome: NotificationOutcome; readonly failure?: unknown };

async function attempt(address: string, send: () => Promise<void>): Promise<Attempt> {
  try {
    await send();
    return { outcome: { address, state: 'delivered', message: null, field: null } };
  } catch (failure) {
    if (failure instanceof PermanentError) {
      return { outcome: { address, state: 'refused', message: failure.message, field: failure.field ?? null } };
    }
    const message = failure instanceof TransientError ? failure.message : 'Something went wrong inside Keyturn';
    return { outcome: { address, state: 'retried', message, field: null }, failure };
  }
}

async function deliver(address: Address, { data, metadata }: TestRequest, deps: Deps): Promise<void> {
  const { owner, environment } = data;
  const { correlationId } = metadata;
  const notice = testNotice(data);
  const message = () => renderSlack(notice, { correlationId, fact: 'NotificationTestRequested', alert: false });
  switch (address.kind) {
    case 'slack':
      await configured(deps.slack).post({ channel: address.channel, route: `the route of ${owner}` }, message());
      return;
    case 'slackWebhook':
      return configured(deps.slackWebhook).post(message());
    case 'mail':
      return configured(deps.mailer).send(renderMail(notice, { to: [address.address], thread: correlationId, owner }));
    case 'webhook': {
      const webhook = known(deps.webhooks, address.id);
      const about = { type: 'NotificationTestRequested', notice, owner, environment, correlationId, secret: null };
      await webhook.send({ ...about, id: deliveryId(address.id, correlationId, 'test'), kind: 'test' });
      // What opens an alert must not leave one.
      if (webhook.interest !== 'alerts') return;
      await webhook.send({ ...about, id: deliveryId(address.id, correlationId, 'end'), kind: 'resolved' });
    }
  }
}

function configured<Channel>(channel: Channel | undefined): Channel {
  if (channel !== undefined) return channel;
  throw new PermanentError('misconfigured', 'The channel is not configured', { field: 'notifications' });
}
