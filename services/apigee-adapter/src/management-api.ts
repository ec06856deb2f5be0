import type { ApigeeConfig } from '@keyturn/config/config';
import type { HttpAnswer, HttpBody, HttpOptions, HttpRequest } from '@keyturn/http/http-exchange';
import { send } from '@keyturn/http/send';
import type { Hidden } from '@keyturn/rotation/hidden';

import type { Authorize } from './authorize.ts';
import type { Flavour } from './flavour.ts';
import { faultError, faultOf, type Fault } from './management-fault.ts';

export type ManagementCall = {
  readonly operation: string;
  readonly method: HttpRequest['method'];
  /** Below the organization, not encoded yet. */
  readonly path: readonly string[];
  readonly query?: Readonly<Record<string, string>>;
  readonly body?: HttpBody;
  /** False: a second one does what the first did once more, so it is never repeated. */
  readonly idempotent?: boolean;
};

/** One call of the management API. Gives the answer (2xx), or the fault where it is among those expected; throws for all others. */
export type ManagementApi = <Expected extends Fault = never>(
  call: ManagementCall,
  ...expected: Expected[]
) => Promise<HttpAnswer | Expected>;

type Options = {
  readonly config: Pick<ApigeeConfig, 'managementUrl' | 'organization'>;
  readonly flavour: Flavour;
  readonly authorize: Authorize;
  readonly http: HttpOptions;
};

export function managementApi({ config, flavour, authorize, http }: Options): ManagementApi {
  const attempt = (call: ManagementCall, authorization: Hidden) =>
    send(
      {
        ...call,
        baseUrl: config.managementUrl,
        path: ['', 'organizations', config.organization, ...call.path].map(encodeURIComponent).join('/'),
        headers: { authorization: authorization.reveal() },
        // Nearly all of them: a key that exists already is read back, everything else writes what it wrote before.
        idempotent: call.idempotent ?? true,
      },
      http,
    );

  return async (call, ...expected) => {
    const authorization = await authorize();
    let answer = await attempt(call, authorization);
    // The token was taken back, or the administrator's secret has changed: once more, unless there is nothing else to try. A call that was refused had
    // no effect.
    if (answer.status === 401 || (answer.status === 403 && flavour.swapsRefusals)) {
      const next = await authorize(authorization);
      if (next.reveal() !== authorization.reveal()) answer = await attempt(call, next);
    }
    if (answer.status < 300) return answer;
    const fault = faultOf(answer, flavour);
    const known = expected.find((one) => one === fault);
    if (known !== undefined) return known;
    throw faultError(fault, answer);
  };
}
