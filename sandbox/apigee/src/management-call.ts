import { GoogleError, violation } from './google-error.ts';
import type { Answer } from './loopback-server.ts';
import { type App, type AppOwner, type Key, liveKey, type Organization, type Product } from './organization.ts';
import type { Attribute, Unsettled } from './simulator.ts';

export type Call = {
  params: ReadonlyMap<string, string>;
  query: URLSearchParams;
  /** Parsed and checked against the discovery document; an empty object where nothing was sent. */
  body: unknown;
};
/** By the discovery document's method id. */
export type Operations = Record<string, (call: Call) => Answer>;
export type World = { org: Organization; now: () => number; unsettled: Unsettled };

export function developerOf({ org }: World, { params }: Call): AppOwner {
  const id = params.get('developersId') ?? '';
  const developer = org.owners.developer.get(id) ?? [...org.owners.developer.values()].find((one) => one.id === id);
  if (developer === undefined) {
    throw violation(
      404,
      'developer.service.DeveloperIdDoesNotExist',
      `DeveloperId ${id} does not exist in organization ${org.name}`,
    );
  }
  return developer;
}

export function appOf(world: World, call: Call): App {
  const developer = developerOf(world, call);
  const name = call.params.get('appsId') ?? '';
  const app = developer.apps.get(name);
  if (app === undefined) {
    throw violation(
      404,
      'developer.service.AppDoesNotExist',
      `App named ${name} does not exist under ${developer.name}`,
    );
  }
  return app;
}

export function keyOf(world: World, call: Call): Key {
  const app = appOf(world, call);
  const key = liveKey(world.org, call.params.get('keysId') ?? '');
  if (key?.app !== app) {
    throw violation(404, 'keymanagement.service.InvalidClientIdForGivenApp', 'Invalid consumer key for Given App');
  }
  return key;
}

export function productNamed({ org, unsettled }: World, name: string): Product {
  const product = org.products.get(name);
  if (product === undefined) {
    const code = unsettled.unknownProductStatus ?? 404;
    throw violation(code, 'keymanagement.service.apiproduct_doesnot_exist', `API Product [${name}] does not exist`);
  }
  return product;
}

/** Product names of a request body: the discovery document leaves their type open, Apigee wants names. */
export function productsNamed(world: World, names: readonly unknown[]): Product[] {
  return names.map((name) => {
    if (typeof name !== 'string') {
      throw new GoogleError(400, 'API products are given by their names');
    }
    return productNamed(world, name);
  });
}

const attributesPerEntity = 18;

/** The last of several attributes with one name wins. */
export function attributesOf(
  sent: readonly { name?: string | null | undefined; value?: string | null | undefined }[],
): Attribute[] {
  const byName = new Map(sent.map(({ name, value }) => [name ?? '', value ?? '']));
  if (byName.has('') || byName.size > attributesPerEntity) {
    throw new GoogleError(400, `Attributes have names, and there are at most ${attributesPerEntity} of them`);
  }
  return [...byName].map(([name, value]) => ({ name, value }));
}
