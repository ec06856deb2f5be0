import type { HttpAnswer } from '@keyturn/http/http-exchange';
import { parseAnswer } from '@keyturn/http/parse-answer';
import { PermanentError } from '@keyturn/rotation/errors';
import type { Hidden } from '@keyturn/rotation/hidden';
import * as z from 'zod';

import { appSchema, keySchema, ownerSchema, sameKeyId, type ApigeeKey } from './apigee-app.ts';
import { findApp } from './find-app.ts';
import type { Flavour } from './flavour.ts';
import type { KeyRef, Keys } from './keys.ts';
import type { ManagementApi, ManagementCall } from './management-api.ts';
import { ownerCalls } from './owner-calls.ts';
import type { Owner, Target } from './target.ts';

const nothing = { empty: 'application/octet-stream' } as const;

/** Keys by the calls of the management API. */
export function manageKeys(api: ManagementApi, flavour: Flavour): Keys {
  const ownerPath = ({ kind, name }: Owner) => [kind, name];
  const appPath = ({ owner, app }: Target) => [...ownerPath(owner), 'apps', app];
  const keyPath = (ref: KeyRef) => [...appPath(ref), 'keys', ref.keyId.reveal()];
  const productPath = (ref: KeyRef, product: string) => [...keyPath(ref), 'apiproducts', product];
  // Of a path that is right only the owner and the app can be missing, in whatever words.
  const read = async <Schema extends z.ZodType>(operation: string, path: readonly string[], schema: Schema) => {
    const answer = await api({ operation, method: 'GET', path }, 'not-found');
    if (answer !== 'not-found') return parseAnswer(answer, schema);
    throw new PermanentError('target-missing', `${operation}: there is no such app or owner`, { field: 'target' });
  };
  const write = async (ref: KeyRef, call: ManagementCall) => {
    const answer = await api(call, 'no-key');
    return answer === 'no-key' ? answer : sameKey(parseAnswer(answer, keySchema), ref);
  };
  const app = (target: Target) => read('read the app', appPath(target), appSchema);

  const get: Keys['get'] = async (ref) => {
    const call = { operation: 'read the key', method: 'GET', path: keyPath(ref) } as const;
    const answer = await api(call, 'no-key', 'not-found');
    if (answer === 'no-key') return answer;
    if (answer !== 'not-found') return sameKey(parseAnswer(answer, keySchema), ref);
    const { keys } = await app(ref);
    return keys.find((key) => sameKeyId(key, ref.keyId)) ?? 'no-key';
  };

  return {
    app,
    get,
    owner: (owner) => read('read the owner', ownerPath(owner), ownerSchema),
    appWith: (keyId) => findApp[flavour.search](keyId, api),

    async create(target, { keyId, secret }) {
      const body = { json: { consumerKey: keyId.reveal(), consumerSecret: secret.reveal() } };
      const path = [...appPath(target), ...ownerCalls[target.owner.kind].create];
      const answer = await api({ operation: 'create the key', method: 'POST', path, body }, 'key-exists');
      return answer === 'key-exists' ? answer : sameKey(parseAnswer(answer, keySchema), { keyId });
    },

    async mint(target, { products, scopes, attributes, callbackUrl }) {
      const call = { operation: 'make a key', method: ownerCalls[target.owner.kind].mint, path: appPath(target) };
      const given = { ...(scopes.length > 0 && { scopes }), ...(callbackUrl !== '' && { callbackUrl }) };
      const body = { json: { name: target.app, apiProducts: products, attributes, ...given } };
      const answer = await api({ ...call, body, idempotent: false });
      return parseAnswer(answer, appSchema);
    },

    update: (ref, change) =>
      write(ref, { operation: 'update the key', path: keyPath(ref), ...ownerCalls[ref.owner.kind].update(change) }),

    setScopes: (ref, change) =>
      write(ref, { operation: 'set the scopes', path: keyPath(ref), ...ownerCalls[ref.owner.kind].setScopes(change) }),

    async approveProduct(ref, product) {
      const call = { operation: 'approve a product', method: 'POST', path: productPath(ref, product) } as const;
      return done(await api({ ...call, query: { action: 'approve' }, body: nothing }, 'no-key'));
    },

    async removeProduct(ref, product) {
      const call = { operation: 'remove a product', method: 'DELETE', path: productPath(ref, product) } as const;
      try {
        return done(await api(call, 'no-key'));
      } catch (error) {
        // A product that the key does not have any more is a 400 for X and a 500 for Edge, in words that nobody should rely on.
        const key = await get(ref);
        if (key === 'no-key') return key;
        if (key.products.every(({ name }) => name !== product)) return 'done';
        throw error;
      }
    },

    async act(ref, action, key) {
      const call = { operation: `${action} the key`, path: keyPath(ref) };
      return done(await api({ ...call, ...ownerCalls[ref.owner.kind].act(action, key) }, 'no-key'));
    },

    async delete(ref) {
      return done(await api({ operation: 'delete the key', method: 'DELETE', path: keyPath(ref) }, 'no-key'));
    },
  };
}

// 204 without a body and 200 with one of several both say that it is done; a page of something on the way does not.
function done(answer: HttpAnswer | 'no-key'): 'done' | 'no-key' {
  if (answer === 'no-key') return answer;
  if (answer.text.reveal() !== '') parseAnswer(answer, z.unknown());
  return 'done';
}

function sameKey(key: ApigeeKey, { keyId }: { readonly keyId: Hidden }): ApigeeKey {
  if (sameKeyId(key, keyId)) return key;
  throw new PermanentError('provider-answer', 'Apigee answers with another key', { field: 'consumerKey' });
}
