import { parseOurMark } from '@keyturn/rotation/mark';
import type { RetireRequest } from '@keyturn/credential-provider/credential-provider';
import { PermanentError, TransientError } from '@keyturn/rotation/errors';

import {
  isOff,
  isOn,
  isOurs,
  isThere,
  isUsable,
  look,
  markIn,
  refuseUnseen,
  standingsOf,
  type Standing,
} from './group-keys.ts';
import { refuseRefusals } from './host-refusal.ts';
import type { Deps } from './issue-key.ts';
import { publicKeyOf } from './key-pair.ts';
import { runOnHosts, type Answers } from './run-on-hosts.ts';
import { groupOf, type Group } from './target.ts';

export async function disableKey(request: RetireRequest, deps: Deps): Promise<void> {
  const seen = await lookAt(request, deps);
  if (seen.standings.some(isOn)) {
    refuseLast(seen.standings, deps);
    const done = await act('disable', seen, request, deps);
    refuseStill(seen.key, done, isOn);
    refuseUnseen(done, seen.group);
  }
  refuseUnseen(seen.answers, seen.group);
}

export async function enableKey(request: RetireRequest, deps: Deps): Promise<void> {
  const seen = await lookAt(request, deps);
  if (!seen.standings.some(isThere))
    throw new PermanentError('not-yours', 'No host of the group has the key', { field: 'key' });
  if (seen.standings.some(isOff)) await act('enable', seen, request, deps);
}

export async function removeKey(request: RetireRequest, deps: Deps): Promise<void> {
  const seen = await lookAt(request, deps);
  if (seen.standings.some(isThere)) {
    // Off everywhere but there: somebody needs it, or a new host came with an old image.
    if (seen.standings.some(isOn) && seen.standings.some(isOff)) {
      throw new PermanentError('re-enabled', 'The key is on again on some hosts', { field: 'key' });
    }
    refuseLast(seen.standings, deps);
    const done = await act('remove', seen, request, deps);
    refuseStill(seen.key, done, isThere);
    refuseUnseen(done, seen.group);
  }
  refuseUnseen(seen.answers, seen.group);
}

type Seen = {
  readonly group: Group;
  readonly key: string;
  readonly answers: Answers;
  readonly standings: readonly Standing[];
};

async function lookAt({ target, keyId, mark }: RetireRequest, deps: Deps): Promise<Seen> {
  const group = groupOf(target, deps.config);
  const ours = parseOurMark(mark);
  const key = publicKeyOf(keyId);
  const answers = await look(group, deps);
  const standings = standingsOf(key, answers.hosts);
  if (standings.some(isThere) && !isOurs(markIn(standings), ours)) {
    throw new PermanentError('not-yours', 'The key does not bear the mark of this secret', { field: 'mark' });
  }
  return { group, key, answers, standings };
}

// On every host by itself: what works on another host opens nothing here.
function refuseLast(standings: readonly Standing[], { clock }: Deps): void {
  const now = clock.now();
  for (const { host, lines } of standings) {
    if (!lines.some((line) => isUsable(line, now))) continue;
    if (host.keys.some((other) => !lines.includes(other) && isUsable(other, now))) continue;
    throw new PermanentError('last-key', `Host ${host.id}: no other key of the file works`, { field: 'key' });
  }
}

async function act(
  operation: 'disable' | 'enable' | 'remove',
  { group, key }: Seen,
  { mark }: RetireRequest,
  deps: Deps,
): Promise<Answers> {
  const done = await runOnHosts(group, { operation, key, mark }, deps);
  // A host that never had the key has nothing to switch on.
  const refused = done.refused.filter(({ code }) => operation !== 'enable' || code !== 'no-key');
  refuseRefusals({ refused }, operation, group);
  return done;
}

function refuseStill(key: string, { hosts }: Answers, is: (standing: Standing) => boolean): void {
  const still = standingsOf(key, hosts).find(is);
  if (still !== undefined) throw new TransientError(`Host ${still.host.id} shows the key still`);
}
