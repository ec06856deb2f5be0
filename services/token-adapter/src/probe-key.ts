import type { TokenConfig } from '@keyturn/config/config';
import type { TokenProbe } from '@keyturn/config/token-description';
import type { HttpOptions } from '@keyturn/http/http-exchange';
import { jsonOf } from '@keyturn/http/parse-answer';
import { send } from '@keyturn/http/send';
import type { Credential } from '@keyturn/rotation/credential';
import { PermanentError } from '@keyturn/rotation/errors';

import { baseUrlOf } from './base-url.ts';
import { fillFields, fillJson, fillPath, fillText, type Values } from './fill-template.ts';
import { holds } from './json-at.ts';
import { basicHeader } from './session.ts';
import type { Target } from './token-target.ts';

export type ProbeOutcome = { readonly outcome: 'accepted' } | { readonly outcome: 'rejected'; readonly code: string };

/** The first probe that names the target, or no target at all. */
export function chooseProbe(probes: readonly TokenProbe[], { name }: Target): TokenProbe | undefined {
  return probes.find(({ targets }) => targets.length === 0 || targets.some((one) => covers(one, name)));
}

const covers = (pattern: string, target: string) =>
  pattern.endsWith('*') ? target.startsWith(pattern.slice(0, -1)) : target === pattern;

type Deps = { readonly config: Pick<TokenConfig, 'urls'>; readonly http: HttpOptions };

/**
 * Uses a credential once, as applications do, on a fresh connection: one request, one node. TransientError where the API has trouble of its own;
 * PermanentError misconfigured (names the probe) where its answer says nothing about the key.
 */
export async function probeKey(
  probe: TokenProbe,
  { target, credential }: { readonly target: Target; readonly credential: Credential },
  { config, http }: Deps,
): Promise<ProbeOutcome> {
  const keyId = credential.keyId.reveal();
  const secret = credential.secret.reveal();
  const basic = Buffer.from(`${keyId}:${secret}`).toString('base64');
  const values = { ...target.values, keyId, secret, basic };
  const answer = await send(
    {
      operation: `probe ${probe.id}`,
      method: probe.method,
      baseUrl: baseUrlOf(config.urls, probe.url),
      path: fillPath(probe.path, values),
      query: fillFields(probe.query, values),
      headers: { ...fillFields(probe.headers, values), ...basicOf(probe, values) },
      ...(probe.form !== undefined && { body: { form: fillFields(probe.form, values) } }),
      ...(probe.json !== undefined && { body: { json: fillJson(probe.json, values) } }),
      idempotent: probe.method !== 'POST',
      freshConnection: true,
    },
    http,
  );
  if (probe.expect.includes(answer.status)) {
    if (probe.refusedWhen === undefined) return { outcome: 'accepted' };
    const json = jsonOf(answer);
    if (json === undefined) throw misconfigured(probe, 'gets no JSON, and refusedWhen needs it');
    return holds(json.value, probe.refusedWhen) ? { outcome: 'rejected', code: 'refused' } : { outcome: 'accepted' };
  }
  if (probe.refused.includes(answer.status)) return { outcome: 'rejected', code: `status-${answer.status}` };
  throw misconfigured(probe, `gets ${answer.status}, which says nothing about the key`);
}

const basicOf = ({ basic }: TokenProbe, values: Values) =>
  basic && { authorization: basicHeader(fillText(basic.username, values), fillText(basic.password, values)) };

function misconfigured({ id }: TokenProbe, problem: string): PermanentError {
  return new PermanentError('misconfigured', `Probe ${id} ${problem}`, { field: `probes.${id}` });
}
