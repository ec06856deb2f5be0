import { notificationTest, type NotificationOutcome } from '@keyturn/aws/notification-test';
import type { LedgerKey } from '@keyturn/aws/ledger';
import { addressesOf, addressName, type Address } from '@keyturn/config/addresses';
import { entry } from '@keyturn/config/entry';
import { PermanentError, TransientError } from '@keyturn/rotation/errors';

import type { Notice } from './notice.ts';
import { renderMail } from './render-mail.ts';
import { renderSlack } from './render-slack.ts';
import type { Deps } from './tell-story.ts';
import { deliveryId, known } from './webhook-steps.ts';

/** Something that is about no secret, and for whom it is. */
export type Message = {
  readonly type: 'FleetPaused' | 'NotificationTestRequested';
  readonly kind: 'alert' | 'test';
  readonly notice: Notice;
  readonly owner: string;
  readonly environment: string;
  readonly correlationId: string;
};

/**
 * Sends a message to every address of an owner, and notes at `key` what became of each. One that was reached is not sent it again. Answers what became of
 * them; what may pass is thrown, so that the queue tries those addresses again.
 */
export async function tellAddresses(
  message: Message,
  key: LedgerKey,
  deps: Deps,
): Promise<readonly NotificationOutcome[]> {
  const { ledger, config } = deps;
  const { owner } = message;
  const found = await ledger.read(key, notificationTest);
  const hasRoute = entry(config.routes, owner) !== undefined;
  const addresses = new Map(addressesOf(config, owner).map((address) => [addressName(address), address]));
  let outcomes = [...addresses.keys()].map((address) => before(found?.value.outcomes, address));
  let rev = found?.rev ?? 0;

  const note = async () => {
    if (!(await ledger.write(key, { owner, hasRoute, outcomes }, rev))) {
      throw new TransientError('Somebody else sends the same message');
    }
    rev = (await ledger.read(key, notificationTest))?.rev ?? rev;
  };
  await note();
  const failures: unknown[] = [];
  for (const [name, address] of addresses) {
    if (isFinal(before(outcomes, name), message)) continue;
    const { outcome, failure } = await attempt(name, () => deliver(address, message, deps));
    if (failure !== undefined) failures.push(failure);
    outcomes = outcomes.map((other) => (other.address === name ? outcome : other));
    await note();
  }
  if (failures.length > 0) throw failures[0];
  return outcomes;
}

function before(outcomes: readonly NotificationOutcome[] = [], address: string): NotificationOutcome {
  const known = outcomes.find((outcome) => outcome.address === address);
  return known ?? { address, state: 'waiting', message: null, field: null };
}

// That an address refuses is the answer to a test. Of an alert it is not the end: somebody mends it and has the message delivered again.
const isFinal = ({ state }: NotificationOutcome, { kind }: Message): boolean =>
  state === 'delivered' || (state === 'refused' && kind === 'test');

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

async function deliver(address: Address, message: Message, deps: Deps): Promise<void> {
  const { type, kind, notice, owner, environment, correlationId } = message;
  const forSlack = () => renderSlack(notice, { correlationId, fact: type, alert: kind === 'alert' });
  switch (address.kind) {
    case 'slack':
      await configured(deps.slack).post({ channel: address.channel, route: `the route of ${owner}` }, forSlack());
      return;
    case 'slackWebhook':
      return configured(deps.slackWebhook).post(forSlack());
    case 'mail':
      return configured(deps.mailer).send(renderMail(notice, { to: [address.address], thread: correlationId, owner }));
    case 'webhook': {
      const webhook = known(deps.webhooks, address.id);
      const about = { type, notice, owner, environment, correlationId, secret: null };
      await webhook.send({ ...about, id: deliveryId(address.id, correlationId, kind), kind });
      // What opens an alert must not leave one.
      if (webhook.interest !== 'alerts' || kind !== 'test') return;
      await webhook.send({ ...about, id: deliveryId(address.id, correlationId, 'end'), kind: 'resolved' });
    }
  }
}

function configured<Channel>(channel: Channel | undefined): Channel {
  if (channel !== undefined) return channel;
  throw new PermanentError('misconfigured', 'The channel is not configured', { field: 'notifications' });
}
