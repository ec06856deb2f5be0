import { fileURLToPath } from 'node:url';

import { expect, test } from 'vitest';

import { loadConfig } from './load-config.ts';

test('reads the configuration at a path', () => {
  const path = fileURLToPath(new URL('../../../config/example.yaml', import.meta.url));

  expect(loadConfig(path).stage).toBe('prod');
});

test('a file that is not there is a mistake in KEYTURN_CONFIG', () => {
  expect(() => loadConfig('/nowhere/keyturn.yaml')).toThrow(
    expect.objectContaining({ name: 'PermanentError', reason: 'misconfigured', field: 'KEYTURN_CONFIG' }),
  );
});
