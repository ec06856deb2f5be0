import type { ApigeeConfig, ProbeConfig } from '@keyturn/config/config';
import { entry } from '@keyturn/config/entry';
import type { HttpAnswer, HttpOptions, HttpRequest } from '@keyturn/http/http-exchange';
import { parseAnswer } from '@keyturn/http/parse-answer';
import { send } from '@keyturn/http/send';
import type { Credential } from '@keyturn/rotation/credential';
import { PermanentError } from '@keyturn/rotation/errors';
import * as z from 'zod';

import { classifyFault, type Refusal } from './classify-fault.ts';

export type ProbeOutcome =
  | { readonly outcome: 'accepted' }
  | { readonly outcome: 'rejected'; readonly refusal: Refusal; readonly code: string };

type Deps = { readonly config: Pick<ApigeeConfig, 'urls'>; readonly http: HttpOptions };

type Probed = { readonly products: readonly string[]; readonly target: string };

/** The first probe that names one of the products, or the target; or that names neither, and so fits every key. */
export function chooseProbe(probes: readonly ProbeConfig[], { products, target }: Probed): ProbeConfig | undefined {
  return probes.find((probe) => {
    if (probe.products.length === 0 && probe.targets.length === 0) return true;
    return probe.products.some((name) => products.includes(name)) || probe.targets.some((one) => covers(one, target));
  });
}

function covers(pattern: string, target: string): boolean {
  return pattern.endsWith('*') ? target.startsWith(pattern.slice(0, -1)) : target === pattern;
}

/**
 * Uses a credential once, as applications do, on fresh connections: one request, one node. TransientError where the gateway has trouble of its
 * own; PermanentError misconfigured (names the probe) or provider-answer where its answer says nothing about the key.
 */
export async function probeCredential(probe: ProbeConfig, credential: Credential, deps: Deps): Promise<ProbeOutcome> {
  const { send: how } = probe;
  switch (how.as) {
    case 'header':
      return judge(await call(probe, { headers: { [how.name]: credential.keyId.reveal() } }, deps), probe);
    case 'query':
      return judge(await call(probe, { query: { [how.name]: credential.keyId.reveal() } }, deps), probe);
    case 'clientCredentials': {
      const granted = await askToken(probe, how.tokenPath, credential, deps);
      if (typeof granted !== 'string') return granted;
      return judge(await call(probe, { headers: { authorization: `Bearer ${granted}` } }, deps), probe);
    }
  }
}

function call(probe: ProbeConfig, key: Pick<HttpRequest, 'headers' | 'query'>, deps: Deps): Promise<HttpAnswer> {
  const { method, path } = probe;
  return sendTo(probe, { ...key, operation: `probe ${probe.id}`, method, path, idempotent: method !== 'POST' }, deps);
}

const tokenSchema = z.object({ access_token: z.string().regex(/^[\x21-\x7e]+$/), client_id: z.string().optional() });

async function askToken(
  probe: ProbeConfig,
  tokenPath: string,
  { keyId, secret }: Credential,
  deps: Deps,
): Promise<string | ProbeOutcome> {
  const basic = Buffer.from(`${keyId.reveal()}:${secret.reveal()}`).toString('base64');
  const answer = await sendTo(
    probe,
    {
      operation: `token for probe ${probe.id}`,
      method: 'POST',
      path: tokenPath,
      headers: { authorization: `Basic ${basic}` },
      body: { form: { grant_type: 'client_credentials' } },
      // A token that nobody got ends by itself.
      idempotent: true,
    },
    deps,
  );
  if (answer.status >= 300) return refused(answer, probe);
  const token = parseAnswer(answer, tokenSchema);
  if (token.client_id === keyId.reveal()) return token.access_token;
  throw new PermanentError('provider-answer', `${answer.summary}: the token is not for this key`, {
    field: 'client_id',
  });
}

function sendTo(
  probe: ProbeConfig,
  request: Omit<HttpRequest, 'baseUrl' | 'freshConnection'>,
  { config, http }: Deps,
): Promise<HttpAnswer> {
  const baseUrl = entry(config.urls, probe.url);
  if (baseUrl === undefined) throw misconfigured(probe, 'has no URL');
  return send({ ...request, baseUrl, freshConnection: true }, http);
}

function judge(answer: HttpAnswer, probe: ProbeConfig): ProbeOutcome {
  return probe.expect.includes(answer.status) ? { outcome: 'accepted' } : refused(answer, probe);
}

function refused(answer: HttpAnswer, probe: ProbeConfig): ProbeOutcome {
  const fault = classifyFault(answer);
  if (fault === undefined) throw misconfigured(probe, `gets ${answer.status}, which says nothing about the key`);
  if (fault.refusal === 'wrong-place')
    throw misconfigured(probe, 'sends the key where the gateway does not look for it');
  return { outcome: 'rejected', ...fault };
}

function misconfigured(probe: ProbeConfig, problem: string): PermanentError {
  return new PermanentError('misconfigured', `Probe ${probe.id} ${problem}`, { field: `probes.${probe.id}` });
}
