import type { CheckRequest, CheckResult, KeyState, Use } from '@keyturn/credential-provider/credential-provider';
import type { Credential } from '@keyturn/rotation/credential';
import { TransientError } from '@keyturn/rotation/errors';
import type { RandomBytes } from '@keyturn/rotation/random-bytes';

import { isThere, look, markIn, optionsOf, standingsOf, stateOf } from './group-keys.ts';
import { joinNewHosts, type Deps as IssueDeps } from './issue-key.ts';
import { isPair, newKeyPair, publicKeyOf } from './key-pair.ts';
import type { Login, LoginOutcome } from './login.ts';
import type { Host } from './run-on-hosts.ts';
import { groupOf, type Group } from './target.ts';

export type Deps = IssueDeps & { readonly login: Login; readonly randomBytes: RandomBytes };

/** What the hosts say of the key, and whether they let it in. Hosts that are new to the group get it first. */
export async function checkKey(request: CheckRequest, deps: Deps): Promise<CheckResult> {
  const { credential } = request;
  const group = groupOf(request.target, deps.config);
  const publicKey = publicKeyOf(credential.keyId);
  const seen = await joinNewHosts(publicKey, await look(group, deps), group, deps);
  const key = keyState(credential, publicKey, seen.hosts, deps);
  // Whoever hears that a key is gone lets it be for ever.
  if (key.state === 'absent' && seen.silent.length > 0) {
    throw new TransientError(`Group ${group.id}: ${seen.silent.slice(0, 5).join(', ')} may have the key`);
  }
  return { key, use: await use(request, { group, hosts: seen.hosts, isOn: key.state === 'enabled' }, deps) };
}

function keyState(credential: Credential, publicKey: string, hosts: readonly Host[], { clock }: Deps): KeyState {
  const standings = standingsOf(publicKey, hosts);
  const state = stateOf(standings, clock.now());
  if (state === 'absent') return { state };
  const options = optionsOf(standings.filter(isThere)) ?? '';
  return {
    state,
    secretMatches: isPair(credential),
    mark: markIn(standings),
    entitlements: options === '' ? [] : [options],
    issuedAt: undefined,
  };
}

type Asked = { readonly group: Group; readonly hosts: readonly Host[]; readonly isOn: boolean };

// A key that is on has to open every host; of one that is off it is worth telling when it opens a single one.
async function use({ probe, credential, times }: CheckRequest, asked: Asked, deps: Deps): Promise<Use> {
  const { group, hosts, isOn } = asked;
  if (probe === 'none') return { outcome: 'not-asked' };
  if (!group.login) return { outcome: 'no-probe' };
  const isRandom = probe === 'random';
  const tried = isRandom ? newKeyPair('', deps.randomBytes) : credential;
  const outcomes = await Promise.all(
    hosts.map((host) => logIn(tried, host, { group, times: isRandom ? 1 : times }, deps)),
  );
  const refusal = outcomes.find((outcome) => outcome !== 'accepted');
  const accepted = isOn && !isRandom ? refusal === undefined : outcomes.includes('accepted');
  if (accepted) return { outcome: 'accepted' };
  return { outcome: 'rejected', code: codes[refusal ?? 'refused'], final: false };
}

const codes: Readonly<Record<LoginOutcome, string>> = {
  accepted: 'ssh.Accepted',
  refused: 'ssh.PermissionDenied',
  'other-host-key': 'ssh.HostKeyMismatch',
};

type Tries = { readonly group: Group; readonly times: number };

async function logIn(
  { secret }: Credential,
  host: Host,
  { group, times }: Tries,
  { login }: Deps,
): Promise<LoginOutcome> {
  const { address, id } = host;
  if (address === undefined) throw new TransientError(`Host ${id} has no address yet`);
  const hostKeys = group.hostKeys.length > 0 ? group.hostKeys : host.hostKeys;
  const door = { address, port: group.port ?? host.port ?? 22, user: group.user, hostKeys };
  for (let time = 0; time < times; time += 1) {
    const outcome = await login(door, secret);
    if (outcome !== 'accepted') return outcome;
  }
  return 'accepted';
}
