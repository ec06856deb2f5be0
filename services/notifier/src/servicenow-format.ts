import { jsonOf } from '@keyturn/http/parse-answer';
import { PermanentError } from '@keyturn/rotation/errors';
import type { Hidden } from '@keyturn/rotation/hidden';
import * as z from 'zod';

import { plainText, webLink } from './plain-text.ts';
import type { Delivery, WebhookFormat } from './webhook.ts';

const login = z.union([
  z.object({ username: z.string().min(1), password: z.string().min(1) }),
  z.object({ token: z.string().min(1) }),
]);

/** Of Event Management: 1 critical … 5 information; 0 clears the alert that has the same message key. */
const severities = { bad: '1', warning: '4', good: '5', plain: '5' } as const;

/** ServiceNow's Event Management, `https://<instance>.service-now.com/api/global/em/jsonv2`: one alert for each rotation, cleared at its end. */
export const servicenowFormat: WebhookFormat = {
  interest: 'alerts',
  request(delivery, secret, { field, now }) {
    return {
      headers: { authorization: authorization(secret, field) },
      json: { records: [record(delivery, now)] },
    };
  },
};

function record(delivery: Delivery, now: number) {
  const { id, type, kind, notice, owner, environment, correlationId, secret } = delivery;
  const { headline, lines, facts, link, tone } = notice;
  const details = Object.fromEntries(facts.map(({ label, value }) => [label, plainText(value)]));
  return {
    source: 'Keyturn',
    event_class: `keyturn-${environment}`,
    node: plainText(secret?.name ?? `keyturn-${environment}`, 100),
    resource: plainText(secret?.provider ?? 'keyturn', 100),
    type,
    severity: kind === 'resolved' ? '0' : severities[tone],
    resolution_state: kind === 'resolved' ? 'Closing' : 'New',
    message_key: plainText(`keyturn/${environment}/${correlationId}`, 1000),
    time_of_event: new Date(now).toISOString().slice(0, 19).replace('T', ' '),
    description: [headline, ...lines]
      .map((line) => plainText(line))
      .join('\n')
      .slice(0, 3900),
    // A JSON object as text.
    additional_info: JSON.stringify({ ...details, owner, runbook: webLink(link.url) ?? '', deliveryId: id }),
  };
}

function authorization(text: Hidden, field: string): string {
  const parsed = login.safeParse(jsonOf({ text })?.value);
  if (!parsed.success) {
    throw new PermanentError('misconfigured', 'The secret is no JSON with username and password, or with token', {
      field,
    });
  }
  if ('token' in parsed.data) return `Bearer ${parsed.data.token}`;
  const { username, password } = parsed.data;
  return `Basic ${Buffer.from(`${username}:${password}`).toString('base64')}`;
}
