import { readFileSync } from 'node:fs';

import { expect, test } from 'vitest';

import { parseConfig } from './parse-config.ts';

const page = readFileSync(new URL('../../../docs/token-apis.md', import.meta.url), 'utf8');
const examples = [...page.matchAll(/```yaml\n([\s\S]*?)```/g)].map(([, yaml = '']) => yaml);
const rest = `
stage: dev
readers: {}
policies: {}
routes: { default: { mail: [a@example.com] } }
notifications: { mail: { from: keyturn@example.com } }
runbooks: https://example.com
`;

test('what the page shows is a configuration', () => {
  const [worked = '', oauth = ''] = examples;

  expect(Object.keys(parseConfig(worked + rest).providers)).toEqual(['vendor']);
  expect(Object.keys(parseConfig(`providers:\n${oauth}shapes: {}\n${rest}`).providers)).toEqual(['login']);
  expect(examples).toHaveLength(2);
});
