import type { ApigeeConfig } from '@keyturn/config/config';
import type { HttpAnswer, HttpBody, HttpOptions, HttpRequest } from '@keyturn/http/http-exchange';
import { send } from '@keyturn/http/send';
import type { Hidden } from '@keyturn/rotation/hidden';

import type { AccessToken } from './access-token.ts';
import { faultError, faultOf, type Fault } from './management-fault.ts';

export type ManagementCall = {
  readonly operation: string;
  readonly method: HttpRequest['method'];
  /** Below the organization, not encoded yet. */
  readonly path: readonly string[];
  readonly query?: Readonly<Record<string, string>>;
  readonly body?: HttpBody;
};

/** One call of the management API. Gives the answer (2xx), or the fault where it is among those expected; throws for all others. */
export type ManagementApi = <Expected extends Fault = never>(
  call: ManagementCall,
  ...expected: Expected[]
) => Promise<HttpAnswer | Expected>;

type Options = {
  readonly config: Pick<ApigeeConfig, 'managementUrl' | 'organization'>;
  readonly accessToken: AccessToken;
  readonly http: HttpOptions;
};

export function managementApi({ config, accessToken, http }: Options): ManagementApi {
  const attempt = (call: ManagementCall, token: Hidden) =>
    send(
      {
        ...call,
        baseUrl: config.managementUrl,
        path: ['', 'organizations', config.organization, ...call.path].map(encodeURIComponent).join('/'),
        headers: { authorization: `Bearer ${token.reveal()}` },
        // All of them: a key that exists already is read back, everything else writes what it wrote before.
        idempotent: true,
      },
      http,
    );

  return async (call, ...expected) => {
    const token = await accessToken();
    let answer = await attempt(call, token);
    // The token was taken back, or its service account has a new key: once more with a new one.
    if (answer.status === 401) answer = await attempt(call, await accessToken(token));
    if (answer.status < 300) return answer;
    const fault = faultOf(answer);
    const known = expected.find((one) => one === fault);
    if (known !== undefined) return known;
    throw faultError(fault, answer);
  };
}
