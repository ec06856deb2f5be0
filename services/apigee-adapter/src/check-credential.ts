import type { ApigeeConfig } from '@keyturn/config/config';
import type { CheckRequest, CheckResult, KeyState, Use } from '@keyturn/credential-provider/credential-provider';
import type { HttpOptions } from '@keyturn/http/http-exchange';
import { credential, type Credential } from '@keyturn/rotation/credential';
import type { RandomBytes } from '@keyturn/rotation/random-bytes';

import { approvedProducts, entitlementsOf, markIn, sameKeyId, stateOf, type ApigeeKey } from './apigee-app.ts';
import type { Flavour } from './flavour.ts';
import type { Keys } from './keys.ts';
import { chooseProbe, probeCredential, type ProbeOutcome } from './probe-credential.ts';
import type { LastUse } from './read-usage.ts';
import { formatTarget, parseTarget } from './target.ts';

type Deps = {
  readonly keys: Keys;
  readonly config: ApigeeConfig;
  readonly flavour: Flavour;
  readonly http: HttpOptions;
  readonly randomBytes: RandomBytes;
  /** undefined: there are no statistics to ask. */
  readonly lastUse: LastUse | undefined;
};

export async function checkCredential(request: CheckRequest, deps: Deps): Promise<CheckResult> {
  const target = parseTarget(request.target, deps.flavour);
  const { keys, http } = deps;
  const [app, owner] = await Promise.all([keys.app(target), keys.owner(target.owner)]);
  const found = app.keys.find((key) => sameKeyId(key, request.credential.keyId));
  const targetOn = app.approved && owner.active;
  const lastUsedAt = found && request.usage === true ? await deps.lastUse?.(target.app, found.keyId) : undefined;
  const key: KeyState =
    found === undefined
      ? { state: 'absent' }
      : { ...keyState(found, request.credential, targetOn, http.clock.now()), lastUsedAt };
  const own = found === undefined ? [] : approvedProducts(found);
  // A key that is gone leaves no word of its products, and one that never was finished has none: where the app's other keys go, both have to be refused.
  const isOff = own.length === 0 && key.state !== 'enabled';
  const products = isOff ? app.keys.flatMap(approvedProducts) : own;
  return { key, use: await use(request, { key, products, target: formatTarget(target, deps.flavour) }, deps) };
}

function keyState(
  found: ApigeeKey,
  asked: Credential,
  targetOn: boolean,
  now: number,
): Exclude<KeyState, { state: 'absent' }> {
  return {
    state: stateOf(found, targetOn, now),
    secretMatches: found.secret.reveal() === asked.secret.reveal(),
    mark: markIn(found),
    entitlements: entitlementsOf(found),
    issuedAt: found.issuedAt,
  };
}

type Known = { readonly key: KeyState; readonly products: readonly string[]; readonly target: string };

// The first refusal ends the row: it takes all accepts to believe in them, and one refusal to know that a node refuses.
async function use({ credential, probe: kind, times }: CheckRequest, known: Known, deps: Deps): Promise<Use> {
  if (kind === 'none') return { outcome: 'not-asked' };
  const probe = chooseProbe(deps.config.probes, known);
  if (probe === undefined) return { outcome: 'no-probe' };
  for (let time = 0; time < times; time += 1) {
    const used = kind === 'random' ? alike(credential, deps.randomBytes) : credential;
    const tried = await probeCredential(probe, used, deps);
    if (tried.outcome === 'rejected') {
      return { outcome: 'rejected', code: tried.code, final: isFinal(tried, known.key, deps) };
    }
  }
  return { outcome: 'accepted' };
}

function alike({ keyId, secret }: Credential, randomBytes: RandomBytes): Credential {
  const random = (length: number) => randomBytes(length).toString('base64url').slice(0, length);
  return credential(random(Math.max(keyId.reveal().length, 32)), random(Math.max(secret.reveal().length, 32)));
}

type Rejected = Extract<ProbeOutcome, { outcome: 'rejected' }>;

/**
 * Whether waiting is in vain: the management API has to agree with the node. Where it does not, the node has not heard of the change yet, as
 * far as that can be: a product that the key has had for longer than propagation takes is refused for another reason.
 */
function isFinal({ refusal }: Rejected, key: KeyState, { config, http }: Deps): boolean {
  if (refusal === 'switched-off') return key.state !== 'enabled';
  if (refusal !== 'not-entitled') return false;
  const issuedAt = key.state === 'absent' ? undefined : key.issuedAt;
  return issuedAt === undefined || http.clock.now() - issuedAt >= config.propagation;
}
