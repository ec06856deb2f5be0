import { readFileSync } from 'node:fs';
import { join } from 'node:path';

import { slackScopes } from '@keyturn/config/slack-scopes';
import { expect, test } from 'vitest';
import { parse } from 'yaml';

import { root, sourceFiles } from './source-files.ts';

/** What a method of Slack needs, by docs.slack.dev. null: every token may call it. */
const scopeOf: Readonly<Record<string, string | null>> = {
  'auth.test': null,
  'chat.postMessage': 'chat:write',
  'chat.update': 'chat:write',
  // Only the doctor asks it, and only where somebody gave the app this scope all the same.
  'conversations.info': null,
};

const ships = sourceFiles().filter(({ path }) => /^(services|packages)\//.test(path) && !path.endsWith('.test.ts'));
const users = ships.filter(({ text }) => text.includes("from '@slack/web-api'"));
const called = users.flatMap(({ text }) =>
  [...text.matchAll(/\.((?:chat|conversations|users|auth|files|reactions|pins|usergroups|views|team)\.\w+)\(/g)].map(
    ([, method = '']) => method,
  ),
);

test('the Slack app asks for exactly the scopes that the calls of the code need', () => {
  const manifest = parse(readFileSync(join(root, 'docs/slack-app-manifest.yaml'), 'utf8')) as {
    oauth_config: { scopes: { bot: string[]; user?: string[] } };
  };
  const needed = new Set(called.flatMap((method) => scopeOf[method] ?? []));

  expect(called.filter((method) => !(method in scopeOf))).toEqual([]);
  expect(called.toSorted()).toEqual(['auth.test', 'chat.postMessage', 'chat.update', 'conversations.info']);
  expect(manifest.oauth_config.scopes).toEqual({ bot: [...needed] });
  expect(slackScopes).toEqual([...needed]);
});
