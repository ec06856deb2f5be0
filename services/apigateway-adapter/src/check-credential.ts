import type { ApiGatewayConfig } from '@keyturn/config/config';
import type { CheckRequest, CheckResult, KeyState, Use } from '@keyturn/credential-provider/credential-provider';
import type { HttpOptions } from '@keyturn/http/http-exchange';
import { hidden } from '@keyturn/rotation/hidden';
import type { RandomBytes } from '@keyturn/rotation/random-bytes';

import { markIn, type ApiKey, type ApiKeys, type UsagePlan } from './api-keys.ts';
import { chooseProbe, probeKey } from './probe-key.ts';
import { randomText } from './random-text.ts';
import type { LastUse } from './read-usage.ts';
import { findKey, readTarget } from './read-target.ts';
import { stateOf } from './retire-credential.ts';
import { parseTarget } from './target.ts';

type Deps = {
  readonly api: ApiKeys;
  readonly config: ApiGatewayConfig;
  readonly http: HttpOptions;
  readonly randomBytes: RandomBytes;
  /** undefined: nobody asks the usage plans. */
  readonly lastUse: LastUse | undefined;
};

export async function checkCredential(request: CheckRequest, deps: Deps): Promise<CheckResult> {
  const { api } = deps;
  const target = parseTarget(request.target);
  const found = findKey(await readTarget(target, api), request.credential.keyId);
  if (found === undefined) {
    return {
      key: { state: 'absent' },
      use: await use(request, { key: { state: 'absent' }, plans: [target.plan] }, deps),
    };
  }
  const attached = await api.plansOf(found);
  const plans = attached.map(({ id }) => id).sort();
  const lastUsedAt = request.usage === true ? await deps.lastUse?.(plans, found) : undefined;
  const key: KeyState = { ...keyState(found, request, attached), lastUsedAt };
  return { key, use: await use(request, { key, plans: plans.length > 0 ? plans : [target.plan] }, deps) };
}

function keyState(
  found: ApiKey,
  { credential }: CheckRequest,
  plans: readonly UsagePlan[],
): Exclude<KeyState, { state: 'absent' }> {
  return {
    state: stateOf(found, plans),
    secretMatches: found.value.reveal() === credential.secret.reveal(),
    mark: markIn(found),
    entitlements: [...plans.map(({ id }) => `plan:${id}`), ...found.stageKeys.map((stage) => `stage:${stage}`)].sort(),
    issuedAt: found.createdAt,
  };
}

type Known = { readonly key: KeyState; readonly plans: readonly string[] };

// The first refusal ends the row: it takes all accepts to believe in them, and one refusal to know that a node refuses.
async function use(request: CheckRequest, { key, plans }: Known, { config, http, randomBytes }: Deps): Promise<Use> {
  const { credential, probe: kind, times } = request;
  if (kind === 'none') return { outcome: 'not-asked' };
  const probe = chooseProbe(config.probes, { plans, target: request.target });
  if (probe === undefined) return { outcome: 'no-probe' };
  for (let time = 0; time < times; time += 1) {
    const length = Math.max(credential.secret.reveal().length, 40);
    const value = kind === 'random' ? hidden(randomText(length, randomBytes)) : credential.secret;
    const tried = await probeKey(probe, value, { config, http });
    // A node that has not heard of a change yet says the same as one that has, so the control plane has to agree with it.
    const final = key.state === 'disabled' || key.state === 'unusable';
    if (tried.outcome === 'rejected') return { ...tried, final };
  }
  return { outcome: 'accepted' };
}
