import type { HttpAnswer } from '@keyturn/http/http-exchange';
import { parseAnswer } from '@keyturn/http/parse-answer';
import type { Credential } from '@keyturn/rotation/credential';
import { PermanentError } from '@keyturn/rotation/errors';
import type { Hidden } from '@keyturn/rotation/hidden';
import * as z from 'zod';

import {
  appSchema,
  developerSchema,
  keySchema,
  sameKeyId,
  type ApigeeApp,
  type ApigeeKey,
  type Attribute,
} from './apigee-app.ts';
import type { ManagementApi } from './management-api.ts';
import type { Target } from './target.ts';

export type KeyRef = Target & { readonly keyId: Hidden };

/**
 * The keys of developer apps, by the calls of the management API. Never the calls on the app itself: they wipe what they are not told, and make
 * keys of their own. `no-key`: the app does not have the key, which right after its creation may only be a lag.
 */
export type Keys = {
  app(target: Target): Promise<ApigeeApp>;
  /** The developer's switch, and address, by address or id. */
  developer(id: string): Promise<{ readonly email: string; readonly active: boolean }>;
  /** Whichever app of the organization has the key, whoever owns it. */
  appWith(keyId: Hidden): Promise<ApigeeApp | undefined>;
  get(ref: KeyRef): Promise<ApigeeKey | 'no-key'>;
  /** A new key is entitled to nothing. `key-exists`: in this app or another one. */
  create(target: Target, credential: Credential): Promise<ApigeeKey | 'key-exists'>;
  /** Adds products, and replaces all attributes. */
  update(
    ref: KeyRef,
    change: { readonly products: readonly string[]; readonly attributes: readonly Attribute[] },
  ): Promise<ApigeeKey | 'no-key'>;
  setScopes(ref: KeyRef, scopes: readonly string[]): Promise<ApigeeKey | 'no-key'>;
  approveProduct(ref: KeyRef, product: string): Promise<'done' | 'no-key'>;
  removeProduct(ref: KeyRef, product: string): Promise<'done' | 'no-key'>;
  act(ref: KeyRef, action: 'approve' | 'revoke'): Promise<'done' | 'no-key'>;
  delete(ref: KeyRef): Promise<'done' | 'no-key'>;
};

const nothing = { empty: 'application/octet-stream' } as const;
const foundApps = z.object({ app: z.array(z.object({ appId: z.string().min(1) })).default([]) });

export function manageKeys(api: ManagementApi): Keys {
  const appPath = ({ developer, app }: Target) => ['developers', developer, 'apps', app];
  const keyPath = (ref: KeyRef) => [...appPath(ref), 'keys', ref.keyId.reveal()];
  const productPath = (ref: KeyRef, product: string) => [...keyPath(ref), 'apiproducts', product];
  const readApp = async (path: readonly string[]) => {
    const answer = await api({ operation: 'read the app', method: 'GET', path });
    return parseAnswer(answer, appSchema);
  };

  return {
    app: (target) => readApp(appPath(target)),

    async developer(id) {
      const answer = await api({ operation: 'read the developer', method: 'GET', path: ['developers', id] });
      return parseAnswer(answer, developerSchema);
    },

    async appWith(keyId) {
      const query = { filter: `consumerKey=${keyId.reveal()}` };
      const found = await api({ operation: 'find the app of a key', method: 'GET', path: ['apps'], query });
      // The list tells ids alone, and what it found is believed only where the app itself shows the key.
      for (const { appId } of parseAnswer(found, foundApps).app) {
        const app = await readApp(['apps', appId]);
        if (app.keys.some((key) => sameKeyId(key, keyId))) return app;
      }
      return undefined;
    },

    async get(ref) {
      const call = { operation: 'read the key', method: 'GET', path: keyPath(ref) } as const;
      const answer = await api(call, 'no-key', 'not-found');
      if (answer === 'no-key') return answer;
      if (answer !== 'not-found') return sameKey(parseAnswer(answer, keySchema), ref);
      const { keys } = await readApp(appPath(ref));
      return keys.find((key) => sameKeyId(key, ref.keyId)) ?? 'no-key';
    },

    async create(target, { keyId, secret }) {
      const body = { json: { consumerKey: keyId.reveal(), consumerSecret: secret.reveal() } };
      const path = [...appPath(target), 'keys', 'create'];
      const answer = await api({ operation: 'create the key', method: 'POST', path, body }, 'key-exists');
      return answer === 'key-exists' ? answer : sameKey(parseAnswer(answer, keySchema), { keyId });
    },

    async update(ref, { products, attributes }) {
      const body = { json: { ...(products.length > 0 && { apiProducts: products }), attributes } };
      const call = { operation: 'update the key', method: 'POST', path: keyPath(ref), body } as const;
      const answer = await api(call, 'no-key');
      return answer === 'no-key' ? answer : sameKey(parseAnswer(answer, keySchema), ref);
    },

    async setScopes(ref, scopes) {
      const call = {
        operation: 'set the scopes',
        method: 'PUT',
        path: keyPath(ref),
        body: { json: { scopes } },
      } as const;
      const answer = await api(call, 'no-key');
      return answer === 'no-key' ? answer : sameKey(parseAnswer(answer, keySchema), ref);
    },

    async approveProduct(ref, product) {
      const call = { operation: 'approve a product', method: 'POST', path: productPath(ref, product) } as const;
      return done(await api({ ...call, query: { action: 'approve' }, body: nothing }, 'no-key'));
    },

    async removeProduct(ref, product) {
      const call = { operation: 'remove a product', method: 'DELETE', path: productPath(ref, product) } as const;
      return done(await api(call, 'no-key'));
    },

    async act(ref, action) {
      const call = { operation: `${action} the key`, method: 'POST', path: keyPath(ref) } as const;
      return done(await api({ ...call, query: { action }, body: nothing }, 'no-key'));
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
