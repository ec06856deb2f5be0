import { type Answer, jsonAnswer } from './loopback-server.ts';

/** Apigee's default error body at run time. */
export const gatewayFault = (status: number, errorcode: string, faultstring: string): Answer =>
  jsonAnswer(status, { fault: { faultstring, detail: { errorcode } } });

/** The body that the OAuthV2 policy has of its own. */
export const oauthError = (status: number, code: string, text: string): Answer =>
  jsonAnswer(status, { ErrorCode: code, Error: text });

const codes: Record<number, [code: string, text: string]> = {
  401: ['oauth.v2.InvalidApiKey', 'Invalid ApiKey'],
  403: ['steps.oauth.v2.InsufficientScope', 'Required scope(s) missing'],
  404: ['messaging.adaptors.http.flow.ApplicationNotFound', 'Unable to identify proxy'],
  429: ['policies.ratelimit.QuotaViolation', 'Rate limit quota violation'],
  503: ['messaging.adaptors.http.flow.ServiceUnavailable', 'The Service is temporarily unavailable'],
};

export function gatewayWords(status: number): Answer {
  const [code, text] = codes[status] ?? ['messaging.runtime.RaiseFault', 'Raising fault'];
  return gatewayFault(status, code, text);
}
