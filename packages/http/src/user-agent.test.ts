import { readFileSync } from 'node:fs';

import { expect, test } from 'vitest';

import { userAgent } from './user-agent.ts';

test('names the version of the repository', () => {
  const root: unknown = JSON.parse(readFileSync(new URL('../../../package.json', import.meta.url), 'utf8'));

  expect(root).toMatchObject({ version: userAgent.replace('keyturn/', '') });
});
