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
    const here = new Set<string>();
    for (const item of items) {
      if (config.key.gone !== undefined && holds(item, config.key.gone)) continue;
      const key = keyIn(item, config.secretIn === 'list', config, done.answer);
      if (!isInGroup(key, group)) continue;
      const id = key.keyId.reveal();
      const known = found.get(id);
      // Whatever ends one of them could end the other.
      if (here.has(id) || (known !== undefined && known.handle.reveal() !== key.handle.reveal()))
        throw twice(done.answer);
      here.add(id);
      found.set(id, key);
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

type Page = { readonly page: number; readonly last: boolean };

function nextPage(list: Listing | undefined, done: Done, { page, last }: Page) {
  const paging = list?.paging;
  if (paging?.as === 'page') return last ? undefined : { [paging.query]: String(paging.first + page + 1) };
  const next = nextCursor(paging, done);
  return next === undefined || paging === undefined ? undefined : { [paging.query]: next };
}

const cursor = z.union([z.string().min(1), z.int().transform(String)]);
const none = z.union([z.literal(['', false]), z.null(), z.undefined()]);

/** PermanentError where there is another page that cannot be asked for: half a list would say of a key that lives that it is gone. */
function nextCursor(paging: Listing['paging'], { json, answer }: Done): string | undefined {
  const link = nextLink(answer);
  if (paging?.as !== 'cursor' && link === undefined) return undefined;
  const said = paging?.as === 'cursor' ? jsonAt(json, paging.at) : parameterOf(link ?? '', paging?.query);
  if (paging?.as === 'cursor' && none.safeParse(said).success) return undefined;
  const next = cursor.safeParse(said).data;
  if (next === undefined) throw cutShort(answer);
  return next;
}

function nextLink(answer: HttpAnswer): string | undefined {
  const links = (answer.header?.('link') ?? []).flatMap((line) => line.split(/,\s*(?=<)/));
  return links.find((link) => /;\s*rel="?next\b/i.test(link));
}

/** Of the URL that the header names, one parameter and nothing else: hosts come from the configuration. */
function parameterOf(link: string, parameter: string | undefined): string | undefined {
  if (parameter === undefined) return undefined;
  const [, url = ''] = /^\s*<([^>]*)>/.exec(link) ?? [];
  return URL.parse(url, 'https://nowhere.invalid')?.searchParams.get(parameter) ?? undefined;
}

function cutShort({ summary }: HttpAnswer): PermanentError {
  return new PermanentError(
    'provider-answer',
    `${summary}: there is another page, and nothing says how to ask for it`,
    {
      field: 'requests.list.paging',
    },
  );
}

function twice({ summary }: HttpAnswer): PermanentError {
  return new PermanentError('provider-answer', `${summary}: several keys have what key.keyId says`, {
    field: 'key.keyId',
  });
}

function endless(): PermanentError {
  return new PermanentError('provider-answer', 'list keys: the list does not end', { field: 'requests.list.paging' });
}
