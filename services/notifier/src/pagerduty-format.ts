import { createHash } from 'node:crypto';

import { PermanentError } from '@keyturn/rotation/errors';

import { plainText, webLink } from './plain-text.ts';
import type { Delivery, WebhookFormat } from './webhook.ts';

const severities = { bad: 'critical', warning: 'warning', good: 'info', plain: 'info' } as const;
/** Of PagerDuty's Events API v2. */
const longest = { summary: 1024, dedupKey: 255 };

/** Events API v2: one alert for each rotation, resolved when nothing of it is left to do. A test resolves itself. */
export const pagerdutyFormat: WebhookFormat = {
  interest: 'alerts',
  request(delivery, secret, { field }) {
    const key = secret.reveal();
    if (!/^\w{32}$/.test(key)) {
      throw new PermanentError('misconfigured', 'A routing key of PagerDuty has 32 letters and digits', { field });
    }
    const json = { routing_key: key, dedup_key: dedupKey(delivery) };
    if (delivery.kind === 'resolved') return { json: { ...json, event_action: 'resolve' } };
    return { json: { ...json, event_action: 'trigger', client: 'Keyturn', ...contentOf(delivery) } };
  },
};

function contentOf({ notice, type, owner, environment, secret }: Delivery) {
  const { headline, lines, facts, link, tone } = notice;
  const href = webLink(link.url);
  return {
    payload: {
      summary: plainText(headline, longest.summary),
      source: secret === null ? `keyturn-${environment}` : plainText(secret.name),
      severity: severities[tone],
      component: secret?.provider ?? 'keyturn',
      group: owner,
      class: type,
      custom_details: {
        what: lines.map((line) => plainText(line)),
        ...Object.fromEntries(facts.map(({ label, value }) => [label, plainText(value)])),
      },
    },
    links: href === undefined ? [] : [{ href, text: link.label }],
  };
}

function dedupKey({ environment, correlationId }: Delivery): string {
  const key = `keyturn/${environment}/${correlationId}`;
  return key.length <= longest.dedupKey ? key : createHash('sha256').update(key).digest('hex');
}
