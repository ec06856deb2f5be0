import { entry } from './entry.ts';
import type { Problems } from './problem.ts';
import type { TokenAuth } from './token-auth.ts';
import type { Description, TokenProbe } from './token-description.ts';
import type { RequestName, TokenRequests } from './token-request.ts';
import { placeholdersOf } from './token-text.ts';

/** A description with its preset and all defaults, before anybody saw that it is whole. */
export type Whole = Omit<Description, 'targets'> & {
  readonly adminSecret?: string | undefined;
  readonly masters: readonly string[];
  readonly model: 'multi' | 'two-slot' | 'none';
  readonly mint: 'chosen' | 'generated';
  readonly urls: Readonly<Record<string, string>>;
  readonly targets: { readonly form: string; readonly known: readonly string[] };
  readonly secretIn: 'create' | 'list' | 'read';
  readonly requests: TokenRequests;
  readonly probes: readonly TokenProbe[];
  readonly expiry?: number | undefined;
};

/** What a description lacks, or says of things that are not there. Fields are of the provider. */
export function* tokenProblems(config: Whole): Problems {
  const { adminSecret, auth, key } = config;
  if (adminSecret === undefined) yield { field: 'adminSecret', message: 'is missing: the API is asked with a master' };
  if (auth === undefined) yield { field: 'auth', message: 'is missing: how the master proves itself' };
  for (const field of ['keyId', 'secret'] as const) {
    if (key?.[field] === undefined)
      yield { field: `key.${field}`, message: 'is missing: where a key of the API has it' };
  }
  yield* lacking(config);
  yield* mintProblems(config);
  yield* formProblems(config);
  yield* groupProblems(config);
  yield* urlIds(config);
  yield* secretsInUrls(config);
  yield* masterProblems(config);
  yield* unknownPlaceholders(config);
}

const needs: Readonly<Record<Whole['model'], readonly RequestName[]>> = {
  multi: ['create', 'list', 'revoke'],
  'two-slot': ['create', 'list', 'revoke'],
  none: ['list', 'replace'],
};

function* lacking({ model, requests, key, secretIn }: Whole): Problems {
  for (const name of needs[model]) {
    if (requests[name] === undefined)
      yield { field: `requests.${name}`, message: `is missing: model ${model} needs it` };
  }
  if (model !== 'none' && requests.replace !== undefined) {
    yield { field: 'requests.replace', message: `is for model none, not ${model}` };
  }
  if (requests.enable !== undefined && requests.disable === undefined) {
    yield { field: 'requests.disable', message: 'is missing: enable undoes it' };
  }
  if (requests.label !== undefined && key?.label === undefined) {
    yield { field: 'key.label', message: 'is missing: where the label stands that requests.label writes' };
  }
  if (secretIn === 'read' && requests.read === undefined) {
    yield { field: 'requests.read', message: 'is missing: secretIn names it' };
  }
}

const makingOf = ({ model, requests }: Whole) => (model === 'none' ? requests.replace : requests.create);
const makingField = ({ model }: Whole) => `requests.${model === 'none' ? 'replace' : 'create'}`;

/** How a key is found again whose answer got lost. */
function* mintProblems(config: Whole): Problems {
  const sends = placeholdersOf(makingOf(config)).includes('secret');
  if (config.mint === 'generated') {
    if (sends) yield { field: makingField(config), message: 'has {secret}, which only mint chosen knows' };
    yield* labelProblems(config);
    return;
  }
  if (!sends) yield { field: makingField(config), message: 'has no {secret}: mint chosen sends it' };
  if (config.model === 'none') yield { field: 'mint', message: 'chosen is not for model none' };
  if (typeof config.key?.keyId === 'string') {
    yield { field: 'key.keyId', message: 'is not hashOf: with mint chosen Keyturn has to know the key id beforehand' };
  }
  if (config.secretIn === 'create') {
    yield {
      field: 'secretIn',
      message: 'is create: with mint chosen a key is known by the secret that the list tells',
    };
  }
}

function* labelProblems({ model, requests, secretIn, key }: Whole): Problems {
  if (model !== 'none') {
    const why = 'a new key bears its mark from the start, else nobody finds it when the answer gets lost';
    if (key?.label === undefined) yield { field: 'key.label', message: `is missing: ${why}` };
    if (requests.create !== undefined && !placeholdersOf(requests.create).includes('label')) {
      yield { field: 'requests.create', message: `has no {label}: ${why}` };
    }
  }
  if (requests.label !== undefined || secretIn !== 'create' || key?.created !== undefined) return;
  const message =
    'is missing, and so is key.created: nothing tells a key whose answer got lost from one that is in use';
  yield { field: 'requests.label', message };
}

function* groupProblems({ key, targets }: Whole): Problems {
  if (key?.group === undefined) return;
  if (key.label === undefined) yield { field: 'key.label', message: 'is missing: key.group is what it begins with' };
  yield* strangers('key.group', key.group, ['target', ...groupsOf(targets)]);
}

function* formProblems(config: Whole): Problems {
  const { targets, expiry } = config;
  const form = compiled(targets.form);
  if (form === undefined) yield { field: 'targets.form', message: 'is no regular expression' };
  for (const [index, name] of targets.known.entries()) {
    if (form !== undefined && !form.test(name))
      yield { field: `targets.known.${index}`, message: 'is not of the form in targets.form' };
  }
  const sends = placeholdersOf(makingOf(config)).some((name) => name.startsWith('expires'));
  if (expiry === undefined && sends) {
    yield { field: 'expiry', message: 'is missing: the request that makes a key says when it ends' };
  }
  if (expiry !== undefined && !sends) {
    yield { field: 'expiry', message: 'has no effect: no request that makes a key has {expiresAt} or its like' };
  }
}

export function compiled(form: string): RegExp | undefined {
  try {
    return new RegExp(`^(?:${form})$`);
  } catch {
    return undefined;
  }
}

const groupsOf = ({ form }: Whole['targets']) =>
  [...form.matchAll(/\(\?<([a-zA-Z]\w*)>/g)].map(([, name = '']) => `target.${name}`);

function* urlIds({ urls, requests, auth }: Whole): Problems {
  const named = [
    ...Object.entries(requests).map(([name, request]) => [`requests.${name}`, request?.url] as const),
    ...authUrls(auth),
  ];
  for (const [field, url] of named) {
    if (url !== undefined && entry(urls, url) === undefined)
      yield { field: `${field}.url`, message: `is none of urls: ${url}` };
  }
}

function authUrls(auth: TokenAuth | undefined): (readonly [string, string | undefined])[] {
  if (auth?.as === 'oauth') return [['auth', auth.url]];
  if (auth?.as !== 'login') return [];
  const { login, page, pageAfter } = auth;
  return Object.entries({ login, page, pageAfter }).map(([name, request]) => [`auth.${name}`, request?.url] as const);
}

/** Proxies and logs keep URLs. The token of a form against forgery is worth nothing without its session. */
function* secretsInUrls({ requests, probes, auth, key }: Whole): Problems {
  const isHandle = key?.handle !== undefined && key.handle === key.secret;
  const secrets = (name: string) => /^(secret|basic|token|master)(\.|$)/.test(name) || (isHandle && name === 'handle');
  const sent = [
    ...Object.entries(requests).map(([name, request]) => [`requests.${name}`, request] as const),
    ...probes.map((probe, index) => [`probes.${index}`, probe] as const),
    ...(auth?.as === 'login' ? [['auth.login', auth.login] as const] : []),
  ];
  for (const [field, request] of sent) {
    for (const part of ['path', 'query'] as const) {
      const name = placeholdersOf(request?.[part]).find(secrets);
      if (name === undefined) continue;
      yield {
        field: `${field}.${part}`,
        message: `has {${name}}: a secret in a URL is one in logs. Send it in a header or in the body`,
      };
    }
  }
  if (key?.keyId !== undefined && key.keyId === key.secret) {
    yield { field: 'key.keyId', message: 'is where the secret stands: say hashOf, as key ids are written down' };
  }
}

/** One of two names for the same keys would not know what the other does. */
function* masterProblems({ adminSecret, masters }: Whole): Problems {
  for (const [index, name] of masters.entries()) {
    const isAgain = name === adminSecret || masters.indexOf(name) !== index;
    if (isAgain) yield { field: `masters.${index}`, message: 'is named already: a target would have two names' };
  }
}

const making = ['label', 'lineage', 'idempotencyKey', 'entitlements', 'scope', 'expiresAt', 'expiresOn', 'expiresIn'];
const known: Readonly<Record<RequestName, readonly string[]>> = {
  create: [...making, 'secret'],
  list: [],
  read: ['keyId', 'handle'],
  replace: [...making, 'keyId', 'handle', 'secret'],
  label: ['keyId', 'handle', 'label', 'entitlements', 'scope'],
  entitle: ['keyId', 'handle', 'label', 'entitlements', 'scope'],
  disable: ['keyId', 'handle', 'label', 'entitlements', 'scope'],
  enable: ['keyId', 'handle', 'label', 'entitlements', 'scope'],
  revoke: ['keyId', 'handle'],
};

function* unknownPlaceholders({ requests, probes, auth, targets }: Whole): Problems {
  const ofTarget = ['target', ...groupsOf(targets)];
  const requestNames = Object.keys(known).filter((name): name is RequestName => Object.hasOwn(known, name));
  for (const name of requestNames) {
    yield* strangers(`requests.${name}`, requests[name], [...ofTarget, ...known[name]]);
  }
  for (const [index, { id: _, ...sent }] of probes.entries()) {
    yield* strangers(`probes.${index}`, sent, [...ofTarget, 'keyId', 'secret', 'basic']);
  }
  const ofMaster = (name: string) => name === 'master' || name.startsWith('master.');
  const ofSession = auth?.as === 'login' ? ['csrf', 'token'] : [];
  yield* strangers('auth', auth, [...ofSession, ...placeholdersOf(auth).filter(ofMaster)]);
}

function* strangers(field: string, value: unknown, allowed: readonly string[]): Problems {
  const stranger = placeholdersOf(value).find((name) => !allowed.includes(name));
  if (stranger === undefined) return;
  const list = allowed.map((name) => `{${name}}`).join(', ');
  yield { field, message: `has {${stranger}}, which is not known there${list === '' ? '' : `; known are ${list}`}` };
}
