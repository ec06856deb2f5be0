import { expect, test } from 'vitest';

import { formatTarget, parseTarget } from './target.ts';

test('reads developer and app, and puts the address in lower case, as Apigee X keeps it', () => {
  expect(parseTarget('developers/Dev.One+x@Example.COM/apps/Orders client 2')).toEqual({
    developer: 'dev.one+x@example.com',
    app: 'Orders client 2',
  });
});

test.each([
  '',
  'orders',
  'https://evil.example/developers/a@b.c/apps/d',
  'developers/a@b.c/apps/',
  'developers/a@b.c/apps/.',
  'developers/a@b.c/apps/..',
  'developers/a@b.c/apps/d/keys/e',
  'developers/a@b.c/apps//d',
  'developers/a@b.c/apps/d?action=revoke',
  'developers/a@b.c/apps/d#e',
  'developers/a@b.c/apps/d\\e',
  'developers/a@b.c/apps/d\n',
  'developers/a@b.c/apps/ d',
  'developers/a@b.c/apps/d ',
  'developers/..@b/../c/apps/d',
  'developers/a/apps/d',
  'developers/a%2F@b.c%2F/apps/d',
  'Developers/a@b.c/apps/d',
  'developers/a@b.c@d/apps/e',
])('refuses %j', (target) => {
  expect(() => parseTarget(target)).toThrow(expect.objectContaining({ reason: 'misconfigured', field: 'target' }));
});

test('writes a target that it can read again, or none', () => {
  expect(formatTarget({ developer: 'Dev@Example.com', app: 'orders' })).toBe('developers/dev@example.com/apps/orders');
  expect(() => formatTarget({ developer: 'dev@example.com', app: 'a/b' })).toThrow(
    expect.objectContaining({ reason: 'unsupported' }),
  );
});
