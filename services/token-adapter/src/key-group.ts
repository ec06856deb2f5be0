import type { TokenConfig } from '@keyturn/config/config';
import { PermanentError } from '@keyturn/rotation/errors';

import { fillText, type Values } from './fill-template.ts';
import type { TokenKey } from './token-key.ts';
import type { Target } from './token-target.ts';

/** Where all keys of an API stand side by side, a target is what their labels begin with. undefined: the API knows targets itself. */
export const groupOf = ({ values }: Target, { key }: Pick<TokenConfig, 'key'>): string | undefined =>
  key.group === undefined ? undefined : fillText(key.group, values);

const begins = (text: string, group: string) => text === group || text.startsWith(`${group} `);

export const isInGroup = ({ label }: TokenKey, group: string | undefined): boolean =>
  group === undefined || begins(label.human, group);

/**
 * What people wrote on a key of the group, beginning with the group also where there is no key to be made like. PermanentError misconfigured: a label of that
 * length would be too long, or not say the group any more, so that nobody found the key again.
 */
export function inGroup(label: string, group: string | undefined, longest: number): string {
  if (group === undefined) return label;
  const whole = begins(label, group) ? label : `${group} ${label}`;
  if (whole.length <= longest) return whole;
  const problem = `Target and mark do not fit into the ${longest} characters of longestLabel: take a shorter name for the target or the stage`;
  throw new PermanentError('misconfigured', problem, { field: 'longestLabel' });
}

/** The values of a new key, whose label is its group's. */
export function withGroup(values: Values, group: string | undefined, longest: number): Values {
  const { label } = values;
  return typeof label === 'string' ? { ...values, label: inGroup(label, group, longest) } : values;
}
