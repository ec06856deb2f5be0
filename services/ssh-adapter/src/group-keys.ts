import type { ListedKey } from '@keyturn/credential-provider/credential-provider';
import { TransientError } from '@keyturn/rotation/errors';
import { hidden } from '@keyturn/rotation/hidden';
import { ownership, parseMark, type Mark } from '@keyturn/rotation/mark';

import { expiryOf } from './authorized-line.ts';
import { tailOf, type HostKey } from './host-answer.ts';
import { refuseRefusals } from './host-refusal.ts';
import { runOnHosts, type Answers, type Deps, type Host } from './run-on-hosts.ts';
import type { Group } from './target.ts';

/** Looks at every host of the group that can be reached. */
export async function look(group: Group, deps: Deps): Promise<Answers> {
  const answers = await runOnHosts(group, { operation: 'list' }, deps);
  refuseRefusals(answers, 'list', group);
  if (answers.hosts.length === 0) throw new TransientError(`No host of group ${group.id} answered`);
  return answers;
}

/** Where a key stands, line by line. */
export type Standing = { readonly host: Host; readonly lines: readonly HostKey[] };

export function standingsOf(publicKey: string, hosts: readonly Host[]): readonly Standing[] {
  return hosts.map((host) => ({ host, lines: host.keys.filter((key) => key.publicKey === publicKey) }));
}

export const isOn = ({ lines }: Standing): boolean => lines.some(({ enabled }) => enabled);
export const isOff = ({ lines }: Standing): boolean => lines.length > 0 && !lines.some(({ enabled }) => enabled);
export const isThere = ({ lines }: Standing): boolean => lines.length > 0;
/** It stood there once and was taken away, by us or by hand. */
export const wasThere = ({ host, lines }: Standing, publicKey: string): boolean =>
  lines.length === 0 && host.had.has(tailOf(publicKey));

/**
 * The key over all hosts. Disabled on one of them is disabled: whoever wants it on has it switched on everywhere, whoever wants it off does so everywhere.
 */
export function stateOf(standings: readonly Standing[], now: number): ListedKey['state'] | 'absent' {
  const there = standings.filter(isThere);
  if (there.length === 0) return 'absent';
  if (there.some(isOff)) return 'disabled';
  return there.some(({ lines }) => lines.some((line) => isUsable(line, now))) ? 'enabled' : 'unusable';
}

export const isUsable = (line: HostKey, now: number): boolean => line.enabled && (expiryOf(line) ?? Infinity) > now;

/** A comment is a mark only between our marks; elsewhere people write what they like. A mark that differs between hosts is nobody's. */
export function markIn(standings: readonly Standing[]): string | undefined {
  const marks = new Set(
    standings.flatMap(({ lines }) =>
      lines.flatMap(({ inBlock, comment }) => (inBlock && comment !== '' ? [comment] : [])),
    ),
  );
  if (marks.size <= 1) return [...marks][0];
  // A mark that is being taken over by another version of the same secret.
  const parsed = [...marks].map((mark) => parseMark(mark));
  const [first] = parsed;
  const isOneSecret = parsed.every(
    (mark) => mark !== undefined && mark.installation === first?.installation && mark.secretHash === first.secretHash,
  );
  return isOneSecret ? [...marks].sort()[0] : 'more than one';
}

export const optionsOf = (standings: readonly Standing[]): string | undefined =>
  standings.flatMap(({ lines }) => lines).toSorted((a, b) => Number(b.enabled) - Number(a.enabled))[0]?.options;

export function listed(hosts: readonly Host[], now: number): readonly ListedKey[] {
  const publicKeys = new Set(hosts.flatMap(({ keys }) => keys.map(({ publicKey }) => publicKey)));
  return [...publicKeys].flatMap((publicKey): readonly ListedKey[] => {
    const standings = standingsOf(publicKey, hosts);
    const state = stateOf(standings, now);
    return state === 'absent'
      ? []
      : [{ keyId: hidden(publicKey), state, mark: markIn(standings), issuedAt: undefined }];
  });
}

export const isOurs = (raw: string | undefined, ours: Mark): boolean => ownership(raw, ours) === 'this-secret';

/** Some hosts are off: a new key may become current without them only as far as the group allows it. */
export function refuseMissing({ hosts, silent }: Answers, { id, offline, requiredShare }: Group): void {
  if (silent.length === 0) return;
  const share = (hosts.length * 100) / (hosts.length + silent.length);
  if (offline === 'skip' && share >= requiredShare) return;
  throw new TransientError(`Group ${id}: ${named(silent)} did not answer`);
}

/** A key has ended when every host was seen without it, whatever the group allows a new one. */
export function refuseUnseen({ silent }: Pick<Answers, 'silent'>, { id }: Group): void {
  if (silent.length > 0) throw new TransientError(`Group ${id}: ${named(silent)} may hold the key still`);
}

function named(ids: readonly string[]): string {
  const shown = ids.slice(0, 5).join(', ');
  return ids.length > 5 ? `${shown} and ${ids.length - 5} more` : shown;
}
