import type { TokenConfig } from '@keyturn/config/config';
import type { RequestName } from '@keyturn/config/token-request';
import { PermanentError } from '@keyturn/rotation/errors';

import type { Values } from './fill-template.ts';
import { jsonAt } from './json-at.ts';
import { groupOf, inGroup, withGroup } from './key-group.ts';
import { writeLabel, type Label } from './key-label.ts';
import { listKeys } from './list-keys.ts';
import { scopeOf } from './new-key.ts';
import type { TokenApi } from './token-api.ts';
import { keyIn, type TokenKey } from './token-key.ts';
import type { Target } from './token-target.ts';

/** The keys of a target as the API shows and changes them. */
export type Keys = {
  all(target: Target): Promise<readonly TokenKey[]>;
  /** With all that `read` tells beside the list, where the API has it. undefined: it is gone. */
  detailed(target: Target, key: TokenKey | undefined): Promise<TokenKey | undefined>;
  /** `create` of a key that we chose. */
  supply(target: Target, values: Values): Promise<void>;
  /** `create`, or `replace` where one ends for it: the API chooses, and tells. */
  make(target: Target, values: Values, replaced?: TokenKey): Promise<TokenKey>;
  label(target: Target, key: TokenKey, label: Label): Promise<'done' | 'missing'>;
  entitle(target: Target, key: TokenKey, entitlements: readonly string[]): Promise<'done' | 'missing'>;
  act(name: 'disable' | 'enable' | 'revoke', target: Target, key: TokenKey): Promise<'done' | 'missing'>;
};

export function tokenKeys(api: TokenApi, config: TokenConfig): Keys {
  const { requests, longestLabel } = config;
  const valuesOf = ({ keyId, handle, label, entitlements = [] }: TokenKey): Values => ({
    keyId: keyId.reveal(),
    handle: handle.reveal(),
    label: writeLabel(label, longestLabel),
    entitlements,
    scope: scopeOf(entitlements),
  });
  const change = async (name: RequestName, target: Target, key: TokenKey, values: Values = {}) =>
    (await api.askFor(name, { target, values: { ...valuesOf(key), ...values } })) === 'missing' ? 'missing' : 'done';

  return {
    all: (target) => listKeys(target, { api, config }),

    async detailed(target, key) {
      if (key === undefined || requests.read === undefined) return key;
      const done = await api.askFor('read', { target, values: valuesOf(key) });
      if (done === 'missing') return undefined;
      const value = jsonAt(done.json, requests.read.at);
      const told = keyIn(value, config.secretIn !== 'create', config, done.answer);
      if (told.keyId.reveal() === key.keyId.reveal()) return { ...told, secret: told.secret ?? key.secret };
      throw new PermanentError('provider-answer', `${done.answer.summary}: another key came back`, {
        field: 'key.keyId',
      });
    },

    async supply(target, values) {
      await api.ask('create', { target, values: withGroup(values, groupOf(target, config), longestLabel) });
    },

    async make(target, values, replaced) {
      const name = replaced === undefined ? 'create' : 'replace';
      const old = replaced === undefined ? {} : { keyId: replaced.keyId.reveal(), handle: replaced.handle.reveal() };
      const { json, answer } = await api.ask(name, {
        target,
        values: { ...withGroup(values, groupOf(target, config), longestLabel), ...old },
      });
      const made = keyIn(jsonAt(json, requests[name]?.at), true, config, answer);
      if (made.secret !== undefined) return made;
      throw new PermanentError('provider-answer', `${answer.summary}: the new key has no secret`, {
        field: 'key.secret',
      });
    },

    label: async (target, key, label) => {
      const text = inGroup(writeLabel(label, longestLabel), groupOf(target, config), longestLabel);
      return change('label', target, key, { label: text });
    },
    entitle: (target, key, entitlements) => change('entitle', target, { ...key, entitlements }),
    async act(name, target, key) {
      // Many an API deletes nothing that is switched on.
      const first = name === 'revoke' && key.enabled && requests.disable !== undefined;
      if (first && (await change('disable', target, key)) === 'missing') return 'missing';
      return change(name, target, key);
    },
  };
}
