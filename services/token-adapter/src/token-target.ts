import type { TokenConfig } from '@keyturn/config/config';
import { PermanentError } from '@keyturn/rotation/errors';

import type { Values } from './fill-template.ts';

export type Target = {
  /** Name or ARN of the master secret that administers it. */
  readonly master: string | undefined;
  readonly name: string;
  /** {target} and its named groups. */
  readonly values: Values;
};

type Known = Pick<TokenConfig, 'targets' | 'masters'>;

/**
 * `name`, or `name@master` where the configuration lists further masters: a tag picks one of them and can name no other. PermanentError misconfigured,
 * or target-missing where the configuration knows all that exist.
 */
export function parseTarget(target: string, { targets, masters }: Known): Target {
  const master = masters.find((one) => target.endsWith(`@${one}`));
  const name = master === undefined ? target : target.slice(0, -master.length - 1);
  const match = new RegExp(`^(?:${targets.form})$`).exec(name);
  if (match === null) throw unfit(masters.length > 0);
  if (targets.known.length > 0 && !targets.known.includes(name)) {
    throw new PermanentError('target-missing', 'The configuration knows no such target', { field: 'target' });
  }
  const groups = Object.entries(match.groups ?? {}).map(([group, value]) => [`target.${group}`, value] as const);
  return { master, name, values: { target: name, ...Object.fromEntries(groups) } };
}

function unfit(withMasters: boolean): PermanentError {
  const master = withMasters ? ', with @ and one of masters behind it or nothing' : '';
  return new PermanentError('misconfigured', `A target has the form of targets.form of its provider${master}`, {
    field: 'target',
  });
}
