import { PermanentError, TransientError } from '@keyturn/rotation/errors';
import { WebAPIHTTPError, WebAPIPlatformError, WebAPIRateLimitedError, WebAPIRequestError } from '@slack/web-api';

import { named } from './channel-secret.ts';

export const tokenField = 'notifications.slack.tokenSecret';
const urlField = 'notifications.slack.apiUrl';

const stale = new Set(['invalid_auth', 'not_authed', 'token_revoked', 'token_expired', 'account_inactive']);

/** Of the bot: what it is, and what it may do. */
const ofToken = new Set([
  ...stale,
  'missing_scope',
  'no_permission',
  'not_allowed_token_type',
  'access_denied',
  'ekm_access_denied',
  'org_login_required',
  'team_access_not_granted',
]);

/** Of a message that is there no more, or that may not be edited any more. */
const gone = new Set(['message_not_found', 'cant_update_message', 'edit_window_closed']);

const passing = new Set([
  'fatal_error',
  'internal_error',
  'ratelimited',
  'rate_limited',
  'request_timeout',
  'service_unavailable',
  'team_added_to_org',
]);

/** Of what we sent: a bug of ours, whatever the channel. */
const ofMessage =
  /^(invalid_(blocks|metadata|arg|form|charset|json|post)|msg_|no_text|metadata_|too_many_|message_limit)/;

export function isStaleToken(error: unknown): boolean {
  return stale.has(codeOf(error) ?? '');
}

export function isGone(error: unknown): boolean {
  return gone.has(codeOf(error) ?? '');
}

/** What a failed call means for its caller. No cause where it holds what the other side answered: that may be a page of anybody's. */
export function slackError(error: unknown, route: string): Error {
  if (error instanceof WebAPIRateLimitedError) {
    return new TransientError('Slack asks to wait', { retryAfterMs: error.retryAfter * 1000, cause: error });
  }
  if (error instanceof WebAPIHTTPError) {
    const { statusCode } = error;
    if (statusCode >= 500 || statusCode === 408 || statusCode === 429)
      return new TransientError(`Slack answered ${statusCode}`);
    return refused(`Slack answered ${statusCode}`, urlField);
  }
  if (!(error instanceof WebAPIPlatformError)) return unanswered(error);
  const code = codeOf(error);
  if (code === undefined) return new TransientError('Slack gave an answer that is not of its API');
  if (passing.has(code)) return new TransientError(`Slack answered ${code}`);
  if (ofMessage.test(code)) return new PermanentError('internal', `Slack refused the form of a message: ${code}`);
  return refused(`Slack answered ${code}`, ofToken.has(code) ? tokenField : route);
}

// Where it is ours already, it tells of the way to Slack: which proxy, which certificate.
function unanswered(error: unknown): Error {
  const { original } = error instanceof WebAPIRequestError ? error : {};
  const isOurs = original instanceof TransientError || original instanceof PermanentError;
  return isOurs ? named(original, urlField) : new TransientError('Slack gave no answer', { cause: error });
}

// In place of a code, the client gives a body that is no JSON as a whole.
function codeOf(error: unknown): string | undefined {
  if (!(error instanceof WebAPIPlatformError)) return undefined;
  const code: unknown = error.data.error;
  return typeof code === 'string' && /^[a-z][a-z_]{1,60}$/.test(code) ? code : undefined;
}

function refused(message: string, field: string): PermanentError {
  return new PermanentError('provider-refused', message, { field });
}
