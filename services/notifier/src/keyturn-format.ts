import { createHmac } from 'node:crypto';

import { PermanentError } from '@keyturn/rotation/errors';

import { plainText, webLink } from './plain-text.ts';
import type { Delivery, WebhookFormat } from './webhook.ts';

/** A shorter one can be guessed. */
const shortestKey = 16;

/** Our own format: the notice as JSON, signed. docs/notifications.md tells receivers how to check the signature. */
export const keyturnFormat: WebhookFormat = {
  interest: 'everything',
  request(delivery, secret, { field, now }) {
    const key = secret.reveal();
    if (key.length < shortestKey) {
      throw new PermanentError('misconfigured', `A signing key has at least ${shortestKey} characters`, { field });
    }
    const json = bodyOf(delivery);
    const seconds = Math.floor(now / 1000);
    // `send` writes JSON by the same function: these are the bytes that arrive.
    const signed = createHmac('sha256', key)
      .update(`${seconds}.${JSON.stringify(json)}`)
      .digest('hex');
    return { headers: { 'x-keyturn-signature': `t=${seconds},v1=${signed}` }, json };
  },
};

function bodyOf({ id, type, kind, notice, owner, environment, correlationId, secret }: Delivery) {
  const { tone, headline, lines, facts, link } = notice;
  const url = webLink(link.url);
  return {
    version: 1,
    deliveryId: id,
    type,
    kind,
    owner,
    environment,
    correlationId,
    secret,
    tone,
    headline: plainText(headline),
    lines: lines.map((line) => plainText(line)),
    facts: facts.map(({ label, value }) => ({ label, value: plainText(value) })),
    link: url === undefined ? null : { label: link.label, url },
  };
}
