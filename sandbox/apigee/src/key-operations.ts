import * as z from 'zod';
import { GoogleError, violation } from './google-error.ts';
import { type Answer, jsonAnswer } from './loopback-server.ts';
import {
  appOf,
  attributesOf,
  type Call,
  keyOf,
  type Operations,
  productsNamed,
  type World,
} from './management-call.ts';
import { attachProduct, type Key, liveKey, productsOf } from './organization.ts';
import { keyJson, newKeyJson } from './resource-json.ts';

export const SentAttributes = z.array(z.object({ name: z.string().nullish(), value: z.string().nullish() })).nullish();
const KeyBody = z.object({
  consumerKey: z.string().nullish(),
  consumerSecret: z.string().nullish(),
  expiresInSeconds: z.coerce.number().nullish(),
  apiProducts: z.array(z.unknown()).nullish(),
  attributes: SentAttributes,
  scopes: z.array(z.string()).nullish(),
});

const keysPerApp = 10;
const keyLimit = 255;
const secretLimit = 2048;

export function assertRoomForKey(keys: readonly Key[]): void {
  if (keys.length >= keysPerApp) {
    throw new GoogleError(400, `An app has at most ${keysPerApp} keys`, [], 'FAILED_PRECONDITION');
  }
}

function credentialPart(name: string, value: string | null | undefined, limit: number): string {
  if (!value || value.length > limit || !/^[A-Za-z0-9_-]+$/u.test(value)) {
    throw new GoogleError(400, `${name} has 1 to ${limit} letters, digits, underscores and hyphens`);
  }
  return value;
}

/** null stands for never; Apigee says so with -1. */
export function expiryAfter(ms: number, now: number): number | null {
  if (!Number.isSafeInteger(now + ms)) {
    throw new GoogleError(400, 'The key would expire beyond all time');
  }
  return ms > 0 ? now + ms : null;
}

export function noContent(): Answer {
  return { status: 204 };
}

export function keyOperations(world: World): Operations {
  const { org, now, unsettled } = world;

  function create(call: Call): Answer {
    const app = appOf(world, call);
    const body = KeyBody.parse(call.body);
    const consumerKey = credentialPart('consumerKey', body.consumerKey, keyLimit);
    const consumerSecret = credentialPart('consumerSecret', body.consumerSecret, secretLimit);
    if (liveKey(org, consumerKey)) {
      const type = 'keymanagement.service.ConsumerKeyAlreadyExists';
      throw violation(409, type, 'ConsumerKey already exists', 'ABORTED');
    }
    assertRoomForKey(app.keys);
    const kept = unsettled.createKeepsAttributes === true;
    const key = {
      consumerKey,
      consumerSecret,
      status: 'approved' as const,
      issuedAt: now(),
      expiresAt: expiryAfter((body.expiresInSeconds ?? -1) * 1000, now()),
      attributes: kept ? attributesOf(body.attributes ?? []) : [],
      scopes: kept ? (body.scopes ?? []) : [],
    };
    // Products of the request are ignored and the status is always approved: the document says so.
    return jsonAnswer(200, newKeyJson(org.addKey(app, key, now())));
  }

  function update(call: Call): Answer {
    const key = keyOf(world, call);
    const action = call.query.get('action');
    if (action !== null) {
      key.status.set(action === 'approve' ? 'approved' : 'revoked', now());
      return unsettled.keyActionStatus === 200 ? jsonAnswer(200, keyJson(key)) : noContent();
    }
    const body = KeyBody.parse(call.body);
    const products = productsNamed(world, body.apiProducts ?? []);
    key.attributes = attributesOf(body.attributes ?? []);
    for (const product of products) {
      attachProduct(key, product, now());
    }
    return jsonAnswer(200, keyJson(key));
  }

  function replace(call: Call): Answer {
    const key = keyOf(world, call);
    const scopes = KeyBody.parse(call.body).scopes ?? [];
    const defined = new Set(productsOf(key).flatMap(({ name }) => org.products.get(name)?.scopes ?? []));
    if (scopes.some((scope) => !defined.has(scope))) {
      throw new GoogleError(400, 'A scope is not defined for any API product of the key');
    }
    key.scopes = [...new Set(scopes)];
    return jsonAnswer(200, keyJson(key));
  }

  return {
    'apigee.organizations.developers.apps.keys.create': create,
    'apigee.organizations.developers.apps.keys.create.create': create,
    'apigee.organizations.developers.apps.keys.get': (call) => jsonAnswer(200, keyJson(keyOf(world, call))),
    'apigee.organizations.developers.apps.keys.updateDeveloperAppKey': update,
    'apigee.organizations.developers.apps.keys.replaceDeveloperAppKey': replace,
    'apigee.organizations.developers.apps.keys.delete'(call) {
      const key = keyOf(world, call);
      const last = keyJson(key);
      org.deleteKey(key, now());
      return jsonAnswer(200, last);
    },
  };
}
