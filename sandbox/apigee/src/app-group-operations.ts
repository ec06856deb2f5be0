import * as z from 'zod';
import { ApigeeError } from './apigee-error.ts';
import { attributesOf, SentAttributes } from './attributes.ts';
import { assertScopes, setKeyStatus } from './key-operations.ts';
import { jsonAnswer } from './loopback-server.ts';
import { keyOf, type Operation, ownerOf, productsNamed, type World } from './management-call.ts';
import { attachProduct, productsOf } from './organization.ts';
import { tokenPage } from './token-page.ts';

const KeyUpdate = z.object({
  action: z.string().nullish(),
  apiProducts: z.array(z.string()).nullish(),
  appGroupAppKey: z.object({ attributes: SentAttributes, scopes: z.array(z.string()).nullish() }).nullish(),
});

const appsPerPage = 1000;

/** What the apps of app groups do otherwise than those of developers. Everything else is shared. */
export function appGroupOperations(world: World): { listApps: Operation; updateKey: Operation } {
  const { org, now, dialect } = world;

  return {
    listApps(call) {
      const apps = [...ownerOf(world, call).apps.values()].sort((a, b) => (a.name < b.name ? -1 : 1));
      const { page, nextPageToken } = tokenPage(apps, call.query, appsPerPage);
      return jsonAnswer(200, {
        ...(page.length > 0 && { appGroupApps: page.map(dialect.json.app) }),
        ...(nextPageToken !== undefined && { nextPageToken }),
      });
    },
    /** Action, products, attributes and scopes come in one body; attributes and scopes are replaced. */
    updateKey(call) {
      const key = keyOf(world, call);
      const { action, apiProducts, appGroupAppKey } = KeyUpdate.parse(call.body);
      if (action && action !== 'approve' && action !== 'revoke') {
        throw new ApigeeError(400, 'The action is approve or revoke');
      }
      const products = productsNamed(world, apiProducts ?? []);
      const told = appGroupAppKey ?? (dialect.rules.groupKeyKeepsUntold ? key : {});
      const attributes = attributesOf(told.attributes);
      const scopes = [...new Set(told.scopes)];
      const names = [...productsOf(key), ...products].map(({ name }) => name);
      assertScopes(org, names, scopes);
      for (const product of products) {
        attachProduct(key, product, now());
      }
      key.attributes = attributes;
      key.scopes = scopes;
      if (action) {
        setKeyStatus(key, action, now());
        return dialect.rules.keyAction(key);
      }
      return jsonAnswer(200, dialect.json.key(key));
    },
  };
}
