import type { HttpAnswer } from '@keyturn/http/http-exchange';
import { parseAnswer } from '@keyturn/http/parse-answer';
import * as z from 'zod';

import { appSchema, keySchema } from './apigee-app.ts';
import type { Flavour } from './flavour.ts';
import { appPath, keyPath, productPath } from './key-path.ts';
import type { KeyRef, Keys } from './keys.ts';
import type { ManagementApi, ManagementCall } from './management-api.ts';
import { ownerCalls } from './owner-calls.ts';
import { readKeys, sameKey } from './read-keys.ts';

const nothing = { empty: 'application/octet-stream' } as const;

/** Keys by the calls of the management API. */
export function manageKeys(api: ManagementApi, flavour: Flavour): Keys {
  const reads = readKeys(api, flavour);
  const write = async (ref: KeyRef, call: ManagementCall) => {
    const answer = await api(call, 'no-key');
    return answer === 'no-key' ? answer : sameKey(parseAnswer(answer, keySchema), ref);
  };
  return {
    ...reads,

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
        const key = await reads.get(ref);
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
