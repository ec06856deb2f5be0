import { type Answer, type Incoming, jsonAnswer } from '@keyturn/apigee-simulator/loopback-server';
import * as z from 'zod';

import type { Account, Key } from './account.ts';
import { badRequest, conflict, notFound, Refused } from './aws-words.ts';
import { bodyOf, pageOf, refuseBadTags, tagsSchema } from './management-call.ts';

export type KeyMeans = {
  readonly account: Account;
  readonly now: () => number;
  readonly newId: () => string;
  readonly newValue: () => string;
  readonly maxKeys: number;
  /** Throw when it is too much. */
  readonly creates: () => void;
  readonly deletes: () => void;
};

const created = z.object({
  name: z.string().optional(),
  description: z.string().optional(),
  customerId: z.string().optional(),
  enabled: z.boolean().default(false),
  value: z.string().optional(),
  tags: tagsSchema.default({}),
});
const shortestValue = 20;
const longestValue = 128;

export function createApiKey(incoming: Incoming, means: KeyMeans): Answer {
  const { account, now, newId, newValue, maxKeys } = means;
  means.creates();
  const { value = newValue(), name, ...key } = bodyOf(incoming, created);
  if (value.length < shortestValue) throw badRequest('API Key value should be at least 20 characters');
  if (value.length > longestValue) throw badRequest('API Key value exceeds maximum size of 128 characters');
  refuseBadTags(key.tags);
  if (account.keys().some((other) => other.value === value)) throw conflict('API Key already exists');
  if (account.keys().length >= maxKeys) throw new Refused(429, 'LimitExceededException', 'Maximum number of API keys');
  const id = newId();
  const made = account.addKey({ ...key, id, name: name ?? id, value }, now(), now());
  return jsonAnswer(201, keyJson(made, true));
}

export function getApiKeys(incoming: Incoming, { account }: KeyMeans): Answer {
  const { query } = incoming;
  const name = query.get('name');
  const customer = query.get('customerId');
  const matching = account
    .keys()
    .filter((key) => name === null || key.name.startsWith(name))
    .filter((key) => customer === null || key.customerId === customer);
  const { items, position } = pageOf(incoming, matching);
  const values = query.get('includeValues') === 'true';
  return jsonAnswer(200, { item: items.map((key) => keyJson(key, values)), position });
}

export function getApiKey(id: string, { query }: Incoming, { account }: KeyMeans): Answer {
  return jsonAnswer(200, keyJson(keyIn(account, id), query.get('includeValue') === 'true'));
}

const patches = z.object({
  patchOperations: z.array(z.object({ op: z.string(), path: z.string(), value: z.string().optional() })),
});

export function updateApiKey(id: string, incoming: Incoming, { account, now }: KeyMeans): Answer {
  const key = keyIn(account, id);
  for (const { op, path, value } of bodyOf(incoming, patches).patchOperations) {
    if (op !== 'replace' || path !== '/enabled' || (value !== 'true' && value !== 'false')) {
      throw badRequest(`Invalid patch path '${path}' specified for op '${op}'`);
    }
    key.enabled.set(value === 'true', now());
    key.updatedAt = now();
  }
  return jsonAnswer(200, keyJson(key, false));
}

export function deleteApiKey(id: string, { account, now, deletes }: KeyMeans): Answer {
  deletes();
  account.removeKey(keyIn(account, id), now());
  return { status: 202 };
}

const tagging = z.object({ tags: tagsSchema });

/** The ARN comes as one segment of the path. */
export function tagResource(arn: string, incoming: Incoming, { account }: KeyMeans): Answer {
  const id = /^arn:aws[\w-]*:apigateway:[\w-]+::\/apikeys\/(?<id>[^/]+)$/.exec(arn)?.groups?.['id'];
  if (id === undefined) throw badRequest('Invalid resource ARN');
  const key = keyIn(account, id);
  const tags = { ...key.tags, ...bodyOf(incoming, tagging).tags };
  // Those of AWS that are there already are no matter.
  refuseBadTags(Object.fromEntries(Object.entries(tags).filter(([name]) => !name.startsWith('aws:'))));
  key.tags = tags;
  return { status: 204 };
}

export function keyIn(account: Account, id: string): Key {
  const key = account.key(id);
  if (key === undefined) throw notFound('Invalid API Key identifier specified');
  return key;
}

// Seconds since 1970, as REST-JSON writes a time.
const seconds = (ms: number): number => ms / 1000;

function keyJson(key: Key, withValue: boolean): Readonly<Record<string, unknown>> {
  const { id, name, description, customerId, tags, createdAt, updatedAt } = key;
  return {
    id,
    ...(withValue && { value: key.value }),
    name,
    description,
    customerId,
    enabled: key.enabled.value,
    createdDate: seconds(createdAt),
    lastUpdatedDate: seconds(updatedAt),
    stageKeys: [],
    ...(Object.keys(tags).length > 0 && { tags }),
  };
}
