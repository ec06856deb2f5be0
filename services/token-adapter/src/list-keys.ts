import type { TokenConfig } from '@keyturn/config/config';
import type { Listing } from '@keyturn/config/token-request';
import type { HttpAnswer } from '@keyturn/http/http-exchange';
import { PermanentError } from '@keyturn/rotation/errors';
import * as z from 'zod';

import { holds, jsonAt } from './json-at.ts';
import { groupOf, isInGroup } from './key-group.ts';
import type { Done, TokenApi } from './token-api.ts';
import { keyIn, type TokenKey } from './token-key.ts';
import type { Target } from './token-target.ts';

export type ListDeps = { readonly api: TokenApi; readonly config: TokenConfig };

// More pages than anybody has keys: the list goes in circles.
const mostPages = 100;

/** Every key of the target that was not deleted, page by page. A key that stands on two pages is one. */
export async function listKeys(target: Target, { api, config }: ListDeps): Promise<readonly TokenKey[]> {
  const { list } = config.requests;
  const group = groupOf(target, config);
  const found = new Map<string, TokenKey>();
  let query: Readonly<Record<string, string>> | undefined = firstPage(list);
  for (let page = 0; query !== undefined; page += 1) {
    if (page === mostPages) throw endless();
    const done = await api.ask('list', { target, query });
    const items = itemsIn(done, list);
    for (const item of items) {
      if (config.key.gone !== undefined && holds(item, config.key.gone)) continue;
      const key = keyIn(item, config.secretIn === 'list', config, done.answer);
      if (isInGroup(key, group)) found.set(key.keyId.reveal(), key);
    }
    query = nextPage(list, done, { page, last: items.length === 0 });
  }
  return [...found.values()];
}

function firstPage(list: Listing | undefined): Readonly<Record<string, string>> {
  return list?.paging?.as === 'page' ? { [list.paging.query]: String(list.paging.first) } : {};
}

function itemsIn({ json, answer }: Done, list: Listing | undefined): readonly unknown[] {
  const items = jsonAt(json, list?.items);
  if (Array.isArray(items)) return items;
  // Of an API whose target is its only key.
  if (z.record(z.string(), z.unknown()).safeParse(items).success) return [items];
  throw new PermanentError('provider-answer', `${answer.summary}: no list of keys came back`, {
    field: 'requests.list.items',
  });
}

const cursor = z.union([z.string().min(1), z.int().transform(String)]);

function nextPage(list: Listing | undefined, { json, answer }: Done, seen: { page: number; last: boolean }) {
  const paging = list?.paging;
  switch (paging?.as) {
    case undefined:
      return undefined;
    case 'page':
      return seen.last ? undefined : { [paging.query]: String(paging.first + seen.page + 1) };
    case 'cursor': {
      const next = cursor.safeParse(jsonAt(json, paging.at)).data;
      return next === undefined ? undefined : { [paging.query]: next };
    }
    case 'link': {
      const next = linked(answer, paging.query);
      return next === undefined ? undefined : { [paging.query]: next };
    }
  }
}

/** Of the URL that the header names, one parameter and nothing else: hosts come from the configuration. */
function linked(answer: HttpAnswer, parameter: string): string | undefined {
  const links = (answer.header?.('link') ?? []).flatMap((line) => line.split(/,\s*(?=<)/));
  const next = links.find((link) => /;\s*rel="?next"?/i.test(link));
  const [, url = ''] = /^\s*<([^>]*)>/.exec(next ?? '') ?? [];
  return URL.parse(url, 'https://nowhere.invalid')?.searchParams.get(parameter) ?? undefined;
}

function endless(): PermanentError {
  return new PermanentError('provider-answer', 'list keys: the list does not end', { field: 'requests.list.paging' });
}
