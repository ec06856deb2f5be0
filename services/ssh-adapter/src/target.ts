import type { SshConfig, SshGroup } from '@keyturn/config/ssh-config';
import { entry } from '@keyturn/config/entry';
import { PermanentError } from '@keyturn/rotation/errors';

export type Group = SshGroup & { readonly id: string };

/** The id of a group. It comes from a tag: PermanentError misconfigured where it cannot be one, target-missing where there is no such group. */
export function groupOf(target: string, { groups }: Pick<SshConfig, 'groups'>): Group {
  if (!/^[a-z][a-z0-9-]{0,29}$/.test(target)) {
    throw new PermanentError('misconfigured', 'A target is the id of a group of hosts in the configuration', {
      field: 'target',
    });
  }
  const found = entry(groups, target);
  if (found !== undefined) return { ...found, id: target };
  throw new PermanentError('target-missing', 'The configuration has no such group of hosts', { field: 'target' });
}
