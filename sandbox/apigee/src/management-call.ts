import { ApigeeError, refusal } from './apigee-error.ts';
import type { Analytics } from './analytics.ts';
import type { Dialect } from './dialect.ts';
import type { Fresh } from './fresh.ts';
import type { Answer, Incoming } from './loopback-server.ts';
import {
  type App,
  type AppOwner,
  type Key,
  liveKey,
  type Organization,
  type OwnerKind,
  type Product,
} from './organization.ts';

export type Call = {
  params: ReadonlyMap<string, string>;
  query: URLSearchParams;
  /** Parsed, and checked as far as the flavour does; an empty object where nothing was sent. */
  body: unknown;
};
export type Operation = (call: Call) => Answer;
/** By the discovery document's method id, or Edge's own name of it. */
export type Operations = Record<string, Operation>;
export type World = { org: Organization; now: () => number; fresh: Fresh; dialect: Dialect; analytics: Analytics };

/** What a path and a method ask for. */
export type Route = {
  /** For the log. */
  operation: string;
  params: ReadonlyMap<string, string>;
  /** The body, once query and body were held against the description. Throws an ApigeeError where the flavour refuses. */
  read: (incoming: Incoming) => { body: unknown; fits: boolean };
  perform: Operation;
};
/** An answer where there is no such path. */
export type Routes = (incoming: Incoming) => Route | Answer;

const ownerParams: readonly [param: string, kind: OwnerKind][] = [
  ['developersId', 'developer'],
  ['companiesId', 'company'],
  ['appgroupsId', 'appGroup'],
];

/** A developer's code is known from the field. The others are formed like it: public sources name none. */
const unknownOwner: Record<OwnerKind, { code: string; text: string }> = {
  developer: { code: 'developer.service.DeveloperIdDoesNotExist', text: 'DeveloperId' },
  company: { code: 'developer.service.CompanyDoesNotExist', text: 'Company' },
  appGroup: { code: 'developer.service.AppGroupDoesNotExist', text: 'AppGroup' },
};

export function ownerOf({ org }: World, { params }: Call): AppOwner {
  const [param, kind] = ownerParams.find(([name]) => params.has(name)) ?? ['developersId', 'developer'];
  const name = params.get(param) ?? '';
  const owner =
    org.owners[kind].get(name) ??
    // Only developers are known by their ids, too.
    (kind === 'developer' ? [...org.owners.developer.values()].find(({ id }) => id === name) : undefined);
  if (owner === undefined) {
    const { code, text } = unknownOwner[kind];
    throw refusal(404, code, `${text} ${name} does not exist in organization ${org.name}`);
  }
  return owner;
}

export function appOf(world: World, call: Call): App {
  const owner = ownerOf(world, call);
  const name = call.params.get('appsId') ?? '';
  const app = owner.apps.get(name);
  if (app === undefined) {
    throw refusal(404, 'developer.service.AppDoesNotExist', `App named ${name} does not exist under ${owner.name}`);
  }
  return app;
}

export function keyOf(world: World, call: Call): Key {
  const app = appOf(world, call);
  const key = liveKey(world.org, call.params.get('keysId') ?? '');
  if (key?.app !== app) {
    throw refusal(404, 'keymanagement.service.InvalidClientIdForGivenApp', 'Invalid consumer key for Given App');
  }
  return key;
}

function productNamed({ org, dialect }: World, name: string): Product {
  const product = org.products.get(name);
  if (product === undefined) {
    const status = dialect.rules.unknownProductStatus;
    throw refusal(status, 'keymanagement.service.apiproduct_doesnot_exist', `API Product [${name}] does not exist`);
  }
  return product;
}

/** Product names of a request body: the discovery document leaves their type open, Apigee wants names. */
export function productsNamed(world: World, names: readonly unknown[]): Product[] {
  return names.map((name) => {
    if (typeof name !== 'string') {
      throw new ApigeeError(400, 'API products are given by their names');
    }
    return productNamed(world, name);
  });
}
