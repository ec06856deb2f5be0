import { isTagValue } from '@keyturn/config/tag-value';
import { PermanentError } from '@keyturn/rotation/errors';
import type { Hidden } from '@keyturn/rotation/hidden';

import type { ApiKey } from './api-keys.ts';

/**
 * The keys of one client of an API: those that bear the client's name, and those that Keyturn made for it. `plan`: the usage plan that a first key is
 * attached to, by which the target exists also while it has no key.
 */
export type Target = { readonly plan: string; readonly name: string };

// Ids of plans go into paths. Names never do: they are looked for by a query.
const pattern = /^(?<plan>[a-z0-9]{1,64})\/(?<name>[A-Za-z0-9_](?:[A-Za-z0-9 _.:/@+-]*[A-Za-z0-9_])?)$/;
const planPattern = /^[a-z0-9]{1,64}$/;
const suffixLength = 24;
const ours = new RegExp(`^(?<name>.+)\\.[A-Za-z0-9]{${suffixLength}}$`);

/** It comes from a tag: PermanentError('misconfigured') for everything else than `<usage plan id>/<name of the key>`. */
export function parseTarget(target: string): Target {
  const { plan, name } = pattern.exec(target)?.groups ?? {};
  if (plan === undefined || name === undefined || !isTagValue(target) || ours.test(name)) {
    throw new PermanentError('misconfigured', 'A target is <usage plan id>/<name of the key>', { field: 'target' });
  }
  return { plan, name };
}

/** PermanentError('unsupported') where the key has a name that no target can hold. */
export function formatTarget({ plan, name }: Target): string {
  const target = `${plan}/${name}`;
  try {
    parseTarget(target);
  } catch (cause) {
    throw new PermanentError('unsupported', 'The name of the key is empty, long, or holds unusual characters', {
      field: 'target',
      cause,
    });
  }
  return target;
}

export const isPlanId = (text: string): boolean => planPattern.test(text);

/** Of a key that Keyturn makes: `random` are so many letters and digits that nobody else has. */
export const newName = ({ name }: Target, random: (length: number) => string): string =>
  `${name}.${random(suffixLength)}`;

/** The client that a key belongs to, by its name. */
export const clientOf = (name: string): string => ours.exec(name)?.groups?.['name'] ?? name;

/** Whether a text is the name of a key that Keyturn made, or would make. */
export const isOurName = (text: string): boolean => ours.test(text);

/**
 * What a secret says of the key: the name, where Keyturn made it, because it is written down before AWS chooses an id; else AWS's id. One key has one
 * of them, ever: keys are compared by it.
 */
export const keyIdOf = ({ id, name }: Pick<ApiKey, 'id' | 'name'>): string => (isOurName(name) ? name : id.reveal());

export const isKey = (key: ApiKey, keyId: Hidden): boolean => keyIdOf(key) === keyId.reveal();
