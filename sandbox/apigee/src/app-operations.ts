import * as z from 'zod';
import { ApigeeError } from './apigee-error.ts';
import { attributesOf, SentAttributes } from './attributes.ts';
import { noContent } from './dialect.ts';
import { type Answer, jsonAnswer } from './loopback-server.ts';
import { appOf, type Call, type Operation, productsNamed, type World } from './management-call.ts';
import { mintKey } from './new-key.ts';
import type { App } from './organization.ts';

const AppBody = z.object({
  apiProducts: z.array(z.string()).nullish(),
  attributes: SentAttributes,
  callbackUrl: z.string().nullish(),
  keyExpiresIn: z.coerce.number().nullish(),
  scopes: z.array(z.string()).nullish(),
});
type AppBody = z.infer<typeof AppBody>;

export type AppOperations = { get: Operation; generate: Operation; update: Operation };

/** `keyExpiresInUnitMs`: what 1 stands for in keyExpiresIn; milliseconds, but seconds for the apps of app groups. */
export function appOperations(world: World, keyExpiresInUnitMs = 1): AppOperations {
  const { now, dialect } = world;

  function mint(app: App, body: AppBody): void {
    const products = productsNamed(world, body.apiProducts ?? []);
    const expiresInMs = (body.keyExpiresIn ?? -1) * keyExpiresInUnitMs;
    mintKey(world, app, { products, scopes: body.scopes ?? [], expiresInMs });
  }

  /** What the request leaves out is gone from the app afterwards: this is the trap of the app-level calls. */
  function overwrite(app: App, body: AppBody, mints: boolean): Answer {
    const attributes = attributesOf(body.attributes);
    if (mints) {
      mint(app, body);
    }
    app.attributes = attributes;
    app.callbackUrl = body.callbackUrl ?? '';
    app.lastModifiedAt = now();
    return jsonAnswer(200, dialect.json.app(app));
  }

  /** The answer when the request is an approval or a revocation. */
  function actedOn(app: App, { query }: Call): Answer | undefined {
    const action = query.get('action');
    if (action === null) {
      return undefined;
    }
    app.status.set(action === 'approve' ? 'approved' : 'revoked', now());
    return noContent();
  }

  function generate(app: App, body: AppBody): Answer {
    const { productlessMint, companyPostMints } = dialect.rules;
    const productless = namesNoProduct(body);
    if (productless && productlessMint === 'refused') {
      throw new ApigeeError(400, 'A key has to have API products');
    }
    if (app.owner.kind === 'company' && !companyPostMints) {
      throw new ApigeeError(400, 'The query parameter action is approve or revoke');
    }
    return overwrite(app, body, !productless || productlessMint === 'key');
  }

  return {
    get: (call) => jsonAnswer(200, dialect.json.app(appOf(world, call))),
    generate(call) {
      const app = appOf(world, call);
      return actedOn(app, call) ?? generate(app, AppBody.parse(call.body));
    },
    update(call) {
      const app = appOf(world, call);
      const body = AppBody.parse(call.body);
      return actedOn(app, call) ?? overwrite(app, body, !namesNoProduct(body));
    },
  };
}

const namesNoProduct = ({ apiProducts }: AppBody): boolean => (apiProducts ?? []).length === 0;
