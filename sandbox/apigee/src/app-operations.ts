import { randomBytes } from 'node:crypto';
import * as z from 'zod';
import { assertRoomForKey, expiryAfter, noContent, SentAttributes } from './key-operations.ts';
import { type Answer, jsonAnswer } from './loopback-server.ts';
import { appOf, attributesOf, type Call, type Operations, productsNamed, type World } from './management-call.ts';
import { type App, attachProduct, type Product } from './organization.ts';
import { developerAppJson } from './resource-json.ts';

const AppBody = z.object({
  apiProducts: z.array(z.string()).nullish(),
  attributes: SentAttributes,
  callbackUrl: z.string().nullish(),
  keyExpiresIn: z.coerce.number().nullish(),
  scopes: z.array(z.string()).nullish(),
});
type AppBody = z.infer<typeof AppBody>;

export function appOperations(world: World): Operations {
  const { org, now } = world;

  function mint(app: App, body: AppBody, products: readonly Product[]): void {
    assertRoomForKey(app.keys);
    const key = {
      consumerKey: randomBytes(36).toString('base64url'),
      consumerSecret: randomBytes(48).toString('base64url'),
      status: 'approved' as const,
      issuedAt: now(),
      expiresAt: expiryAfter(body.keyExpiresIn ?? -1, now()),
      attributes: [],
      scopes: body.scopes ?? [],
    };
    const minted = org.addKey(app, key, now());
    for (const product of products) {
      attachProduct(minted, product, now());
    }
  }

  /** What the request leaves out is gone from the app afterwards: this is the trap of the app-level calls. */
  function overwrite(app: App, body: AppBody): void {
    app.attributes = attributesOf(body.attributes ?? []);
    app.callbackUrl = body.callbackUrl ?? '';
    app.lastModifiedAt = now();
  }

  function generate(call: Call): Answer {
    const app = appOf(world, call);
    const action = call.query.get('action');
    if (action !== null) {
      app.status.set(action === 'approve' ? 'approved' : 'revoked', now());
      return noContent();
    }
    const body = AppBody.parse(call.body);
    const products = productsNamed(world, body.apiProducts ?? []);
    mint(app, body, products);
    overwrite(app, body);
    return jsonAnswer(200, developerAppJson(app));
  }

  function update(call: Call): Answer {
    const app = appOf(world, call);
    const body = AppBody.parse(call.body);
    const products = productsNamed(world, body.apiProducts ?? []);
    if (products.length > 0) {
      mint(app, body, products);
    }
    overwrite(app, body);
    return jsonAnswer(200, developerAppJson(app));
  }

  return {
    'apigee.organizations.developers.apps.generateKeyPairOrUpdateDeveloperAppStatus': generate,
    'apigee.organizations.developers.apps.update': update,
  };
}
