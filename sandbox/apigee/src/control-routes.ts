import * as z from 'zod';
import { AppName, Approval, Attributes, Fault, OwnerStatus, ProductStatus, Seed, SeedKey } from './control-input.ts';
import type { Faults } from './faults.ts';
import type { ApigeeSimulator } from './simulator.ts';

export type Controlled = Pick<
  ApigeeSimulator,
  'seed' | 'app' | 'keys' | 'hand' | 'inject' | 'clearFaults' | 'accessToken' | 'revokeAccessToken' | 'requests'
>;

const key = { app: AppName, consumerKey: z.string() };
const group = z.strictObject({ name: z.string(), status: OwnerStatus });

/** What another process may do: `METHOD path`, with parameters in the query of a GET and in the JSON body of a POST. */
export function controlRoutes(simulator: Controlled, faults: Faults): Record<string, (input: unknown) => unknown> {
  const { hand } = simulator;
  const route =
    <T>(schema: z.ZodType<T>, perform: (input: T) => unknown) =>
    (input: unknown) =>
      perform(schema.parse(input)) ?? {};
  // `?app=name`, or with the owner: `?company=name&app=name`.
  const bareName = z.strictObject({ app: z.string() }).transform(({ app }) => app);
  const app = z.union([bareName, AppName]);
  const nothing = z.strictObject({});
  return {
    'GET app': route(app, (input) => simulator.app(input)),
    'GET keys': route(app, (input) => simulator.keys(input)),
    'GET requests': route(nothing, simulator.requests),
    'GET faults': route(nothing, faults.list),
    'POST faults': route(Fault, (fault) => ({ id: simulator.inject(fault).id })),
    'POST faults/clear': route(z.strictObject({ id: z.int().optional() }), ({ id }) => {
      faults.clear(id);
    }),
    'POST seed': route(Seed, simulator.seed),
    'POST access-tokens': route(nothing, () => ({ token: simulator.accessToken() })),
    'POST access-tokens/revoke': route(z.strictObject({ token: z.string().optional() }), ({ token }) => {
      simulator.revokeAccessToken(token);
    }),
    'POST hand/add-key': route(z.strictObject({ app: AppName, key: SeedKey }), (input) => {
      hand.addKey(input.app, input.key);
    }),
    'POST hand/delete-key': route(z.strictObject(key), (input) => {
      hand.deleteKey(input.app, input.consumerKey);
    }),
    'POST hand/key-status': route(z.strictObject({ ...key, status: Approval }), (input) => {
      hand.setKeyStatus(input.app, input.consumerKey, input.status);
    }),
    'POST hand/product-status': route(
      z.strictObject({ ...key, product: z.string(), status: ProductStatus }),
      (input) => {
        hand.setProductStatus(input.app, input.consumerKey, input.product, input.status);
      },
    ),
    'POST hand/remove-product': route(z.strictObject({ ...key, product: z.string() }), (input) => {
      hand.removeProduct(input.app, input.consumerKey, input.product);
    }),
    'POST hand/key-attributes': route(z.strictObject({ ...key, attributes: Attributes }), (input) => {
      hand.setKeyAttributes(input.app, input.consumerKey, input.attributes);
    }),
    'POST hand/app-status': route(z.strictObject({ app: AppName, status: Approval }), (input) => {
      hand.setAppStatus(input.app, input.status);
    }),
    'POST hand/developer-status': route(z.strictObject({ email: z.string(), status: OwnerStatus }), (input) => {
      hand.setDeveloperStatus(input.email, input.status);
    }),
    'POST hand/company-status': route(group, (input) => {
      hand.setCompanyStatus(input.name, input.status);
    }),
    'POST hand/app-group-status': route(group, (input) => {
      hand.setAppGroupStatus(input.name, input.status);
    }),
  };
}
