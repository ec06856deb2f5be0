import type { Incoming } from '@keyturn/apigee-simulator/loopback-server';
import * as z from 'zod';

import { badRequest } from './aws-words.ts';

/** The body, or BadRequestException. */
export function bodyOf<Schema extends z.ZodType>({ body }: Incoming, schema: Schema): z.output<Schema> {
  const parsed = schema.safeParse(jsonOf(body));
  if (!parsed.success) throw badRequest('Invalid request input');
  return parsed.data;
}

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

const usualLimit = 25;
const mostItems = 500;

/** A page of a list as AWS gives it: where it goes on is in `position`. */
export function pageOf<Item extends { readonly id: string }>(
  { query }: Incoming,
  all: readonly Item[],
): { readonly items: readonly Item[]; readonly position: string | undefined } {
  const limit = Number(query.get('limit') ?? usualLimit);
  if (!Number.isInteger(limit) || limit < 1 || limit > mostItems) throw badRequest('Invalid limit parameter');
  const position = query.get('position');
  const after = position === null ? -1 : all.findIndex(({ id }) => id === idIn(position));
  if (position !== null && after < 0) throw badRequest('Invalid position parameter');
  const items = all.slice(after + 1, after + 1 + limit);
  const last = items.at(-1);
  const more = after + 1 + limit < all.length && last !== undefined;
  return { items, position: more ? Buffer.from(last.id).toString('base64') : undefined };
}

const idIn = (position: string): string => Buffer.from(position, 'base64').toString();

const tagName = /^(?!aws:)[A-Za-z0-9 +\-=._:/@]{1,128}$/i;
const tagValue = /^[A-Za-z0-9 +\-=._:/@]{0,256}$/;
const mostTags = 50;

export const tagsSchema = z.record(z.string(), z.string());

export function refuseBadTags(tags: Readonly<Record<string, string>>): void {
  const entries = Object.entries(tags);
  if (entries.some(([name, value]) => !tagName.test(name) || !tagValue.test(value))) {
    throw badRequest('Invalid tag key or value');
  }
  if (entries.length > mostTags) throw badRequest('The maximum number of tags is 50');
}
