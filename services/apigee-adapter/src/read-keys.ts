import { parseAnswer } from '@keyturn/http/parse-answer';
import { PermanentError } from '@keyturn/rotation/errors';
import type { Hidden } from '@keyturn/rotation/hidden';
import type * as z from 'zod';

import { appSchema, keySchema, ownerSchema, sameKeyId, type ApigeeKey } from './apigee-app.ts';
import { findApp } from './find-app.ts';
import type { Flavour } from './flavour.ts';
import { appPath, keyPath, ownerPath } from './key-path.ts';
import type { Keys } from './keys.ts';
import type { ManagementApi } from './management-api.ts';

/** The half of Keys that changes nothing. */
export function readKeys(api: ManagementApi, flavour: Flavour): Pick<Keys, 'app' | 'owner' | 'appWith' | 'get'> {
  // Of a path that is right only the owner and the app can be missing, in whatever words.
  const read = async <Schema extends z.ZodType>(operation: string, path: readonly string[], schema: Schema) => {
    const answer = await api({ operation, method: 'GET', path }, 'not-found');
    if (answer !== 'not-found') return { found: parseAnswer(answer, schema), date: answer.date };
    throw new PermanentError('target-missing', `${operation}: there is no such app or owner`, { field: 'target' });
  };
  const app: Keys['app'] = async (target) => {
    const { found, date } = await read('read the app', appPath(target), appSchema);
    return { ...found, readAt: date };
  };

  return {
    app,
    owner: async (owner) => (await read('read the owner', ownerPath(owner), ownerSchema)).found,
    appWith: (keyId) => findApp[flavour.search](keyId, api),

    async get(ref) {
      const call = { operation: 'read the key', method: 'GET', path: keyPath(ref) } as const;
      const answer = await api(call, 'no-key', 'not-found');
      if (answer === 'no-key') return answer;
      if (answer !== 'not-found') return sameKey(parseAnswer(answer, keySchema), ref);
      const { keys } = await app(ref);
      return keys.find((key) => sameKeyId(key, ref.keyId)) ?? 'no-key';
    },
  };
}

/** PermanentError('provider-answer') where another key came than was asked for. */
export function sameKey(key: ApigeeKey, { keyId }: { readonly keyId: Hidden }): ApigeeKey {
  if (sameKeyId(key, keyId)) return key;
  throw new PermanentError('provider-answer', 'Apigee answers with another key', { field: 'consumerKey' });
}
