import type { ApiGatewayConfig, ApiGatewayProbe } from '@keyturn/config/config';
import { entry } from '@keyturn/config/entry';
import type { HttpAnswer, HttpOptions } from '@keyturn/http/http-exchange';
import { jsonOf } from '@keyturn/http/parse-answer';
import { send } from '@keyturn/http/send';
import { PermanentError } from '@keyturn/rotation/errors';
import type { Hidden } from '@keyturn/rotation/hidden';
import * as z from 'zod';

export type ProbeOutcome = { readonly outcome: 'accepted' } | { readonly outcome: 'rejected'; readonly code: string };

type Probed = { readonly plans: readonly string[]; readonly target: string };

/** The first probe that names one of the usage plans, or the target; or that names neither, and so fits every key. */
export function chooseProbe(
  probes: readonly ApiGatewayProbe[],
  { plans, target }: Probed,
): ApiGatewayProbe | undefined {
  return probes.find((probe) => {
    if (probe.plans.length === 0 && probe.targets.length === 0) return true;
    return probe.plans.some((id) => plans.includes(id)) || probe.targets.some((one) => covers(one, target));
  });
}

function covers(pattern: string, target: string): boolean {
  return pattern.endsWith('*') ? target.startsWith(pattern.slice(0, -1)) : target === pattern;
}

type Deps = { readonly config: Pick<ApiGatewayConfig, 'urls'>; readonly http: HttpOptions };

/**
 * Uses a key once, as applications do, on a fresh connection. TransientError where the stage throttles or has trouble of its own; PermanentError
 * misconfigured (names the probe) where its answer says nothing about the key.
 */
export async function probeKey(probe: ApiGatewayProbe, value: Hidden, { config, http }: Deps): Promise<ProbeOutcome> {
  const { id, method, path, header } = probe;
  const baseUrl = entry(config.urls, probe.url);
  if (baseUrl === undefined) throw misconfigured(probe, 'has no URL');
  // Node refuses it otherwise, and quotes it.
  if (!/^[\x21-\x7e]+$/.test(value.reveal())) return { outcome: 'rejected', code: 'not-a-header' };
  const call = { operation: `probe ${id}`, method, path, idempotent: method !== 'POST', freshConnection: true };
  const answer = await send({ ...call, baseUrl, headers: { [header]: value.reveal() } }, http);
  return probe.expect.includes(answer.status) ? { outcome: 'accepted' } : refused(answer, probe);
}

const said = z.object({ message: z.string() });

// 403 says many things. A stage that has words of its own for a wrong key (a gateway response) is believed by its status.
function refused(answer: HttpAnswer, probe: ApiGatewayProbe): ProbeOutcome {
  if (answer.status !== 401 && answer.status !== 403) {
    throw misconfigured(probe, `gets ${answer.status}, which says nothing about the key`);
  }
  const message = said.safeParse(jsonOf(answer)?.value).data?.message ?? '';
  if (message === 'Missing Authentication Token') {
    throw misconfigured(probe, 'asks for a path or method that the stage does not have, or that wants a signature');
  }
  return { outcome: 'rejected', code: message === 'Forbidden' ? message : `status-${answer.status}` };
}

function misconfigured(probe: ApiGatewayProbe, problem: string): PermanentError {
  return new PermanentError('misconfigured', `Probe ${probe.id} ${problem}`, { field: `probes.${probe.id}` });
}
