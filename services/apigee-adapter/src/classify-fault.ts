import type { HttpAnswer } from '@keyturn/http/http-exchange';
import { jsonOf } from '@keyturn/http/parse-answer';
import * as z from 'zod';

/** What a gateway's refusal says about the key. */
export type Refusal =
  /** The node does not know the key, or not with this secret: not yet, or not any more. */
  | 'unknown-key'
  /** Key, app or developer are switched off, or the key has expired. */
  | 'switched-off'
  /** The key is good, but not for what was asked: the product or scope is missing, waits, or covers something else. */
  | 'not-entitled'
  /** The token that the key was exchanged for is not known. */
  | 'unknown-token'
  /** The gateway looks for the key elsewhere: the probe has to be changed. */
  | 'wrong-place'
  /** Refused in words of somebody's own. */
  | 'other';

const refusals = new Map<string, Refusal>([
  ['oauth.v2.InvalidApiKey', 'unknown-key'],
  ['oauth.v2.InvalidClientIdentifier', 'unknown-key'],
  ['invalid_client', 'unknown-key'],
  ['oauth.v2.ApiKeyNotApproved', 'switched-off'],
  ['keymanagement.service.consumer_key_expired', 'switched-off'],
  ['keymanagement.service.invalid_client-app_not_approved', 'switched-off'],
  ['keymanagement.service.DeveloperStatusNotActive', 'switched-off'],
  ['keymanagement.service.CompanyStatusNotActive', 'switched-off'],
  ['oauth.v2.InvalidApiKeyForGivenResource', 'not-entitled'],
  ['keymanagement.service.consumer_key_missing_api_product_association', 'not-entitled'],
  ['keymanagement.service.InvalidAPICallAsNoApiProductMatchFound', 'not-entitled'],
  ['steps.oauth.v2.InsufficientScope', 'not-entitled'],
  ['oauth.v2.InvalidAccessToken', 'unknown-token'],
  ['keymanagement.service.invalid_access_token', 'unknown-token'],
  ['keymanagement.service.access_token_expired', 'unknown-token'],
  ['steps.oauth.v2.FailedToResolveAPIKey', 'wrong-place'],
  ['steps.oauth.v2.FailedToResolveClientId', 'wrong-place'],
]);

const body = z.union([
  z
    .object({ fault: z.object({ detail: z.object({ errorcode: z.string() }) }) })
    .transform(({ fault }) => fault.detail.errorcode),
  z.object({ ErrorCode: z.string() }).transform(({ ErrorCode }) => ErrorCode),
  z.object({ error: z.string() }).transform(({ error }) => error),
]);

/**
 * A gateway's answer as a refusal with a code that may be printed: one of Apigee's, or the status where a proxy has words of its own.
 * undefined: it is none.
 */
export function classifyFault(answer: HttpAnswer): { readonly refusal: Refusal; readonly code: string } | undefined {
  const code = body.safeParse(jsonOf(answer)?.value).data;
  const refusal = code === undefined ? undefined : refusals.get(code);
  if (code !== undefined && refusal !== undefined) return { refusal, code };
  if (answer.status === 401 || answer.status === 403) return { refusal: 'other', code: `status-${answer.status}` };
  return undefined;
}
