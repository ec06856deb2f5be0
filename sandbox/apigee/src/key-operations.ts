import * as z from 'zod';
import { ApigeeError, refusal } from './apigee-error.ts';
import { attributesOf, SentAttributes } from './attributes.ts';
import { jsonAnswer } from './loopback-server.ts';
import { appOf, keyOf, type Operation, productsNamed, type World } from './management-call.ts';
import { assertRoomForKey, expiryAfter } from './new-key.ts';
import { attachProduct, type Key, liveKey, type Organization, productsOf } from './organization.ts';

const KeyBody = z.object({
  consumerKey: z.string().nullish(),
  consumerSecret: z.string().nullish(),
  expiresInSeconds: z.coerce.number().nullish(),
  apiProducts: z.array(z.unknown()).nullish(),
  attributes: SentAttributes,
  scopes: z.array(z.string()).nullish(),
});

const keyLimit = 255;
const secretLimit = 2048;

function credentialPart(name: string, value: string | null | undefined, limit: number): string {
  if (!value || value.length > limit || !/^[A-Za-z0-9_-]+$/u.test(value)) {
    throw new ApigeeError(400, `${name} has 1 to ${limit} letters, digits, underscores and hyphens`);
  }
  return value;
}

/** A key may have the scopes alone that its products define. */
export function assertScopes(org: Organization, products: readonly string[], scopes: readonly string[]): void {
  const defined = new Set(products.flatMap((name) => org.products.get(name)?.scopes ?? []));
  if (scopes.some((scope) => !defined.has(scope))) {
    throw new ApigeeError(400, 'A scope is not defined for any API product of the key');
  }
}

export const setKeyStatus = (key: Key, action: string, now: number): void => {
  key.status.set(action === 'approve' ? 'approved' : 'revoked', now);
};

type KeyOperations = { create: Operation; get: Operation; update: Operation; replace: Operation; delete: Operation };

export function keyOperations(world: World): KeyOperations {
  const { org, now, dialect } = world;
  const { json, rules } = dialect;

  return {
    create(call) {
      const app = appOf(world, call);
      const body = KeyBody.parse(call.body);
      const consumerKey = credentialPart('consumerKey', body.consumerKey, keyLimit);
      const consumerSecret = credentialPart('consumerSecret', body.consumerSecret, secretLimit);
      if (liveKey(org, consumerKey)) {
        throw refusal(409, 'keymanagement.service.ConsumerKeyAlreadyExists', 'ConsumerKey already exists');
      }
      assertRoomForKey(world, app);
      const kept = rules.createKeepsAttributes;
      const key = {
        consumerKey,
        consumerSecret,
        status: 'approved' as const,
        issuedAt: now(),
        expiresAt: rules.importExpires ? expiryAfter((body.expiresInSeconds ?? -1) * 1000, now()) : null,
        attributes: kept ? attributesOf(body.attributes) : [],
        scopes: kept ? (body.scopes ?? []) : [],
      };
      // Products of the request are ignored and the status is always approved: the document says so.
      return jsonAnswer(rules.createdStatus, json.newKey(org.addKey(app, key, now())));
    },
    get: (call) => jsonAnswer(200, json.key(keyOf(world, call))),
    update(call) {
      const key = keyOf(world, call);
      const action = call.query.get('action');
      if (action !== null) {
        setKeyStatus(key, action, now());
        return rules.keyAction(key);
      }
      const body = KeyBody.parse(call.body);
      const products = productsNamed(world, body.apiProducts ?? []);
      key.attributes = attributesOf(body.attributes);
      for (const product of products) {
        attachProduct(key, product, now());
      }
      return jsonAnswer(200, json.key(key));
    },
    replace(call) {
      const key = keyOf(world, call);
      const scopes = KeyBody.parse(call.body).scopes ?? [];
      assertScopes(
        org,
        productsOf(key).map(({ name }) => name),
        scopes,
      );
      key.scopes = [...new Set(scopes)];
      return jsonAnswer(200, json.key(key));
    },
    delete(call) {
      const key = keyOf(world, call);
      const last = json.key(key);
      org.deleteKey(key, now());
      return jsonAnswer(200, last);
    },
  };
}
