import type { NotificationOutcome } from '@keyturn/aws/notification-test';

const advice: readonly (readonly [RegExp, string])[] = [
  [/not_in_channel/, 'Invite the bot: write /invite @Keyturn in that channel.'],
  [/channel_not_found/, 'Check the id of the channel in the route; for a private channel, invite the bot first.'],
  [/is_archived/, 'Name another channel in the route, or take this one out of the archive.'],
  [
    /missing_scope|no_permission|not_allowed_token_type/,
    'Install the app again by docs/slack-app-manifest.yaml: it needs the scope chat:write.',
  ],
  [
    /invalid_auth|not_authed|token_revoked|token_expired|account_inactive/,
    'Put the present bot token (xoxb-…) into the secret of tokenSecret.',
  ],
  [
    /no_service|no_active_hooks|no_team|invalid_token/,
    'Make a new webhook in the Slack app, and put it into the secret of webhookSecret.',
  ],
  [
    /SendEmail: (MessageRejected|MailFromDomainNotVerified)/,
    'Verify the sender in SES; in its sandbox verify this address too. "keyturn doctor" tells which.',
  ],
  [/SendEmail/, 'Look at "keyturn doctor": it checks sender, sandbox and quota of SES.'],
  [/GetSecretValue.*(AccessDenied|KMS|Decryption)/, "Let the notifier's role read the secret, and its KMS key."],
  [
    /GetSecretValue.*ResourceNotFound|is empty|secret-missing/,
    'Create the secret, and put into it what docs/notifications.md says.',
  ],
  [/: (401|403)\b/, 'The other side refuses the credential: check what the secret holds.'],
  [/: (404|410)\b/, 'There is nothing at that address any more: check the url, and for Teams the secret.'],
];

/** What to do about an address that a message did not reach, for people. */
export function deliveryAdvice(state: NotificationOutcome['state'], message: string): string {
  if (state === 'waiting') return 'The notifier is still at it. Ask again with a longer --timeout.';
  const known = advice.find(([pattern]) => pattern.test(message))?.[1];
  const next = known ?? 'docs/notifications.md says how each channel is set up.';
  return state === 'retried' ? `Keyturn goes on trying. If it stays so: ${next}` : next;
}
