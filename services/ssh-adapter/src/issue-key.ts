import { parseOurMark } from '@keyturn/rotation/mark';
import type { EnsureRequest } from '@keyturn/credential-provider/credential-provider';
import type { Credential } from '@keyturn/rotation/credential';
import { PermanentError, TransientError } from '@keyturn/rotation/errors';
import type { Hidden } from '@keyturn/rotation/hidden';
import type { SshConfig } from '@keyturn/config/config';

import {
  isOff,
  isOn,
  isOurs,
  isThere,
  look,
  markIn,
  optionsOf,
  refuseMissing,
  standingsOf,
  wasThere,
  type Standing,
} from './group-keys.ts';
import type { HostKey } from './host-answer.ts';
import { refuseRefusals } from './host-refusal.ts';
import { isPair, publicKeyOf, wasMadeFor } from './key-pair.ts';
import { runOnHosts, type Answers, type Deps as HostDeps } from './run-on-hosts.ts';
import { groupOf, type Group } from './target.ts';

export type Deps = HostDeps & { readonly config: Pick<SshConfig, 'groups'> };

/** Puts the key on every host of the group, with the options that the current one has. */
export async function ensureKey(request: EnsureRequest, deps: Deps): Promise<void> {
  const { credential, like, mark } = request;
  const group = groupOf(request.target, deps.config);
  parseOurMark(mark);
  const key = publicKeyOf(credential.keyId);
  refuseUnfit(request);
  const seen = await look(group, deps);
  const standings = standingsOf(key, seen.hosts);
  const old = like && standingsOf(publicKeyOf(like.keyId), seen.hosts);
  if (old?.some(isThere) === false)
    throw new PermanentError('not-yours', 'No host of the group has the current key', { field: 'target' });
  const options = optionsOf(old ?? standings) ?? '';
  refuseStranger(standings, mark);
  if (!standings.some(isThere) && !wasMadeFor(mark, credential)) await refuseElsewhere(key, group, deps);
  const isDone = standings.every(
    (standing) => isOn(standing) && standing.lines.every((line) => isAsWanted(line, { mark, options })),
  );
  if (isDone) {
    refuseMissing(seen, group);
    return;
  }
  const done = await runOnHosts(group, { operation: 'add', key, mark, options }, deps);
  refuseRefusals(done, 'add', group);
  refuseMissing(done, group);
  const without = standingsOf(key, done.hosts).find((standing) => !isOn(standing));
  if (without !== undefined) throw new TransientError(`Host ${without.host.id} does not show the new key`);
}

function refuseUnfit({ credential, like, entitlements }: EnsureRequest): void {
  if (!isPair(credential))
    throw new PermanentError('key-conflict', 'The private key is not that of the public key', { field: 'key' });
  if (like === undefined && entitlements.length > 0) {
    throw new PermanentError('misconfigured', 'Keys of hosts have no entitlements', { field: 'entitlements' });
  }
}

const isAsWanted = (line: HostKey, { mark, options }: { readonly mark: string; readonly options: string }): boolean =>
  line.inBlock && line.comment === mark && line.options === options;

function refuseStranger(standings: readonly Standing[], mark: string): void {
  const bears = markIn(standings);
  if (bears !== undefined && bears !== mark)
    throw new PermanentError('key-conflict', 'The key bears another mark', { field: 'mark' });
  if (standings.some(isOff)) throw new PermanentError('key-disabled', 'Somebody disabled the key', { field: 'key' });
}

// A pair of our own making is nowhere else. Of any other one the groups that can be reached are asked.
async function refuseElsewhere(key: string, { id }: Group, deps: Deps): Promise<void> {
  for (const other of Object.keys(deps.config.groups)) {
    if (other === id) continue;
    const seen = await orNothing(() => look(groupOf(other, deps.config), deps));
    if (seen !== undefined && standingsOf(key, seen.hosts).some(isThere)) {
      throw new PermanentError('key-conflict', 'The key exists in another group of hosts', { field: 'target' });
    }
  }
}

async function orNothing(run: () => Promise<Answers>): Promise<Answers | undefined> {
  try {
    return await run();
  } catch (error) {
    if (error instanceof TransientError || (error instanceof PermanentError && error.reason !== 'access-denied'))
      return undefined;
    throw error;
  }
}

/** Writes our mark on a key that a person put there: its line moves into our block, with its options. */
export async function markKey(
  { target, keyId, mark }: { readonly target: string; readonly keyId: Hidden; readonly mark: string },
  deps: Deps,
): Promise<void> {
  const group = groupOf(target, deps.config);
  const ours = parseOurMark(mark);
  const key = publicKeyOf(keyId);
  const seen = await look(group, deps);
  const standings = standingsOf(key, seen.hosts);
  if (!standings.some(isThere))
    throw new PermanentError('not-yours', 'No host of the group has the key', { field: 'target' });
  const bears = markIn(standings);
  if (bears !== undefined && !isOurs(bears, ours)) {
    throw new PermanentError('not-yours', 'The key bears the mark of somebody else', { field: 'mark' });
  }
  const done = await runOnHosts(group, { operation: 'mark', key, mark }, deps);
  const refused = done.refused.filter(({ code }) => code !== 'no-key');
  refuseRefusals({ refused }, 'mark', group);
  refuseMissing(done, group);
}

/** The group that a pair opens, or undefined. */
export async function locateKey(credential: Credential, deps: Deps): Promise<{ target: string } | undefined> {
  const key = publicKeyOf(credential.keyId);
  if (!isPair(credential)) return undefined;
  for (const target of Object.keys(deps.config.groups)) {
    const seen = await look(groupOf(target, deps.config), deps);
    if (standingsOf(key, seen.hosts).some(isThere)) return { target };
  }
  return undefined;
}

/**
 * Puts a key that the group has on hosts that never had it: those that were launched since, or were off. Not one that is off, or was taken away, anywhere:
 * that one is ending. Answers what is so afterwards.
 */
export async function joinNewHosts(key: string, seen: Answers, group: Group, deps: Deps): Promise<Answers> {
  const standings = standingsOf(key, seen.hosts);
  const mark = markIn(standings);
  const isWhole = standings
    .filter(isThere)
    .every((standing) => isOn(standing) && standing.lines.every(({ inBlock }) => inBlock));
  const ends = standings.some((standing) => isOff(standing) || wasThere(standing, key));
  const missing = standings.filter((standing) => !isThere(standing));
  if (missing.length === 0 || missing.length === standings.length || mark === undefined || !isWhole || ends)
    return seen;
  const options = optionsOf(standings) ?? '';
  const done = await runOnHosts(group, { operation: 'join', key, mark, options }, deps);
  refuseRefusals({ refused: done.refused.filter(({ code }) => code !== 'known') }, 'join', group);
  const joined = new Map(done.hosts.map((host) => [host.id, host.keys]));
  return { ...seen, hosts: seen.hosts.map((host) => ({ ...host, keys: joined.get(host.id) ?? host.keys })) };
}
