import type { ApigeeConfig } from '@keyturn/config/config';
import type { HttpAnswer, HttpBody, HttpOptions, HttpRequest } from '@keyturn/http/http-exchange';
import { send } from '@keyturn/http/send';
import type { Hidden } from '@keyturn/rotation/hidden';

import type { Authorize } from './authorize.ts';
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
  readonly config: Pick<ApigeeConfig, 'flavour' | 'managementUrl' | 'organization'>;
  readonly authorize: Authorize;
  readonly http: HttpOptions;
};

// What a caller hears who is not recognised. Edge says it the other way round: 403 of credentials, 401 of permissions (docs.apigee.com,
// http-status-codes), and 401 of tokens as everybody does.
const refusals: Readonly<Record<ApigeeConfig['flavour'], readonly number[]>> = {
  x: [401],
  hybrid: [401],
  edge: [401, 403],
  opdk: [401, 403],
};

export function managementApi({ config, authorize, http }: Options): ManagementApi {
  const attempt = (call: ManagementCall, authorization: Hidden) =>
    send(
      {
        ...call,
        baseUrl: config.managementUrl,
        path: ['', 'organizations', config.organization, ...call.path].map(encodeURIComponent).join('/'),
        headers: { authorization: authorization.reveal() },
        // All of them: a key that exists already is read back, everything else writes what it wrote before.
        idempotent: true,
      },
      http,
    );

  return async (call, ...expected) => {
    const authorization = await authorize();
    let answer = await attempt(call, authorization);
    // The token was taken back, or the administrator's secret has changed: once more, unless there is nothing else to try.
    if (refusals[config.flavour].includes(answer.status)) {
      const next = await authorize(authorization);
      if (next.reveal() !== authorization.reveal()) answer = await attempt(call, next);
    }
    if (answer.status < 300) return answer;
    const fault = faultOf(answer);
    const known = expected.find((one) => one === fault);
    if (known !== undefined) return known;
    throw faultError(fault, answer);
  };
}
