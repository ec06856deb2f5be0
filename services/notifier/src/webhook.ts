import type { Hidden } from '@keyturn/rotation/hidden';

import type { Notice } from './notice.ts';

/** A notice on its way to another system. */
export type Delivery = {
  /** Equal each time the same thing is sent to the same webhook: whoever saw it before ignores it. */
  readonly id: string;
  /** The event that it tells of, such as RotationFailed. */
  readonly type: string;
  /** `news`: it happened. `alert`: somebody has to look. `resolved`: of the alerts of this rotation nothing is left. `test`: nothing happened. */
  readonly kind: 'news' | 'alert' | 'resolved' | 'test';
  readonly notice: Notice;
  readonly owner: string;
  readonly environment: string;
  /** Equal for all that belongs to one rotation. */
  readonly correlationId: string;
  /** null: it is about no secret. */
  readonly secret: { readonly arn: string; readonly name: string; readonly provider: string } | null;
};

/** What a system wants to hear of: everything, what is worth a mail, or alerts and their end. */
export type Interest = 'everything' | 'mails' | 'alerts';

/** TransientError: the same delivery may succeed later. PermanentError: `field` is `notifications.webhooks.<id>`, its `.secret`, or one of `notifications.network`. */
export type Webhook = { readonly interest: Interest; send(delivery: Delivery): Promise<void> };

export type WebhookRequest = {
  /** Within the URL of the configuration; undefined: that URL itself. */
  readonly within?: { readonly path: string; readonly query: Readonly<Record<string, string>> };
  readonly headers?: Readonly<Record<string, string>>;
  readonly json: unknown;
};

/** `url` is the configuration's, `field` what an error about the secret names, `now` in milliseconds since 1970. */
export type WebhookContext = { readonly url: string; readonly field: string; readonly now: number };

/** How a system wants to be told. Throws PermanentError('misconfigured') where the secret is not what it has to be. */
export type WebhookFormat = {
  readonly interest: Interest;
  readonly request: (delivery: Delivery, secret: Hidden, context: WebhookContext) => WebhookRequest;
};
