import type { TokenConfig } from '@keyturn/config/config';

import { fillText, type Values } from './fill-template.ts';
import type { TokenKey } from './token-key.ts';
import type { Target } from './token-target.ts';

/** Where all keys of an API stand side by side, a target is what their labels begin with. undefined: the API knows targets itself. */
export const groupOf = ({ values }: Target, { key }: Pick<TokenConfig, 'key'>): string | undefined =>
  key.group === undefined ? undefined : fillText(key.group, values);

const begins = (text: string, group: string) => text === group || text.startsWith(`${group} `);

export const isInGroup = ({ label }: TokenKey, group: string | undefined): boolean =>
  group === undefined || begins(label.human, group);

/** A new key's label is its group's, also where there is no key to be made like. */
export function withGroup(values: Values, group: string | undefined): Values {
  const { label } = values;
  if (group === undefined || typeof label !== 'string' || begins(label, group)) return values;
  return { ...values, label: `${group} ${label}` };
}
