import type { TokenConfig } from '@keyturn/config/config';
import type { CheckRequest, CheckResult, KeyState, Use } from '@keyturn/credential-provider/credential-provider';
import type { HttpOptions } from '@keyturn/http/http-exchange';
import { credential, type Credential } from '@keyturn/rotation/credential';
import { PermanentError, TransientError } from '@keyturn/rotation/errors';
import type { RandomBytes } from '@keyturn/rotation/random-bytes';

import type { Keys } from './keys.ts';
import { chooseProbe, probeKey } from './probe-key.ts';
import { hasId, stateOf } from './token-key.ts';
import { parseTarget, type Target } from './token-target.ts';

export type CheckDeps = {
  readonly keys: Keys;
  readonly config: TokenConfig;
  readonly http: HttpOptions;
  readonly randomBytes: RandomBytes;
};

export async function checkKey(request: CheckRequest, deps: CheckDeps): Promise<CheckResult> {
  const target = parseTarget(request.target, deps.config);
  const key = await stateNow(request.credential, target, deps);
  return { key, use: await useOf(request, { target, key }, deps) };
}

async function stateNow(asked: Credential, target: Target, { keys, http }: CheckDeps): Promise<KeyState> {
  const listed = (await keys.all(target)).find(hasId(asked.keyId));
  const key = await keys.detailed(target, listed);
  if (key === undefined) {
    if (listed !== undefined) await refuseUnreadable(asked, target, keys);
    return { state: 'absent' };
  }
  return {
    state: stateOf(key, http.clock.now()),
    secretMatches: key.secret && key.secret.reveal() === asked.secret.reveal(),
    mark: key.label.mark,
    entitlements: key.entitlements ?? [],
    issuedAt: key.issuedAt,
    lastUsedAt: key.lastUsedAt,
  };
}

// Many an API says `not found` of what may not be read, or is not known everywhere. Only what the list does not have either is gone.
async function refuseUnreadable({ keyId }: Credential, target: Target, keys: Keys): Promise<void> {
  if (!(await keys.all(target)).some(hasId(keyId))) return;
  throw new TransientError('The list has the key, and reading it says that there is none');
}

// The first refusal ends the row: it takes all accepts to believe in them, and one refusal to know that a node refuses.
async function useOf(
  { credential: given, probe: kind, times }: CheckRequest,
  { target, key }: { readonly target: Target; readonly key: KeyState },
  deps: CheckDeps,
): Promise<Use> {
  if (kind === 'none') return { outcome: 'not-asked' };
  const probe = chooseProbe(deps.config.probes, target);
  if (probe === undefined) return { outcome: 'no-probe' };
  for (let time = 0; time < times; time += 1) {
    const used = kind === 'random' ? alike(given, deps.randomBytes) : given;
    const tried = await probeKey(probe, { target, credential: used }, deps);
    // Only the API's own word makes waiting vain: a node may not have heard yet.
    if (tried.outcome === 'rejected') return { ...tried, final: key.state === 'unusable' };
  }
  return { outcome: 'accepted' };
}

function alike({ keyId, secret }: Credential, randomBytes: RandomBytes): Credential {
  const random = (length: number) => randomBytes(length).toString('base64url').slice(0, length);
  return credential(random(Math.max(keyId.reveal().length, 32)), random(Math.max(secret.reveal().length, 32)));
}

/** Among the targets that the configuration knows. Where the API tells no secret, a use that is accepted proves that they belong together. */
export async function locateKey(pasted: Credential, deps: CheckDeps): Promise<{ target: string } | undefined> {
  for (const name of deps.config.targets.known) {
    const target = parseTarget(name, deps.config);
    const found = await find(pasted, target, deps);
    if (found !== 'no-key') return found === 'proven' ? { target: name } : undefined;
  }
  return undefined;
}

async function find(pasted: Credential, target: Target, deps: CheckDeps): Promise<'no-key' | 'proven' | 'unproven'> {
  const { keys, config } = deps;
  const all = await keys.all(target).catch((error: unknown) => {
    // One that is gone is in nobody's way.
    if (error instanceof PermanentError && error.reason === 'target-missing') return [];
    throw error;
  });
  const key = await keys.detailed(target, all.find(hasId(pasted.keyId)));
  if (key === undefined) return 'no-key';
  if (key.secret !== undefined) return key.secret.reveal() === pasted.secret.reveal() ? 'proven' : 'unproven';
  const probe = chooseProbe(config.probes, target);
  const used = probe && (await probeKey(probe, { target, credential: pasted }, deps));
  return used?.outcome === 'accepted' ? 'proven' : 'unproven';
}
