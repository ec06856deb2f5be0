import { readFileSync } from 'node:fs';

import { describe, expect, test } from 'vitest';
import { parse } from 'yaml';

import { parseConfig } from './parse-config.ts';
import { presetNames } from './token-preset.ts';

const page = readFileSync(new URL('../../../docs/token-presets.md', import.meta.url), 'utf8');
const examples = [...page.matchAll(/^```yaml\n([\s\S]*?)^```$/gm)].map(([, text = '']) => text);

/** A stage around what the page shows. */
const stageOf = (example: string) =>
  JSON.stringify({
    stage: 'dev',
    ...(parse(example) as object),
    shapes: {},
    readers: {},
    policies: {},
    routes: { default: { mail: ['a@example.com'] } },
    notifications: { mail: { from: 'Keyturn <keyturn@example.com>' } },
    runbooks: 'https://example.com',
  });

describe('docs/token-presets.md', () => {
  test.each(examples)('what it shows is a configuration: %s', (example) => {
    const [provider] = Object.values(parseConfig(stageOf(example)).providers);

    expect(provider).toMatchObject({ kind: 'token' });
  });

  test('shows every preset but the generic one', () => {
    const shown = examples.flatMap((example) =>
      Object.values(parseConfig(stageOf(example)).providers).map((one) => ('preset' in one ? one.preset : undefined)),
    );

    expect(new Set(shown)).toEqual(new Set(presetNames.filter((name) => name !== 'oauth')));
  });

  test('names every parameter of the developer portal', () => {
    for (const name of ['loginPath', 'keysPath', 'csrfField', 'csrfCookie', 'csrfHeader', 'loginText']) {
      expect(page).toContain(`\`${name}\``);
    }
  });
});
