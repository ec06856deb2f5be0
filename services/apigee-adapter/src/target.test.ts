import { expect, test } from 'vitest';

import { flavours } from './flavour.ts';
import { formatTarget, parseTarget } from './target.ts';

const { x, hybrid, edge, opdk } = flavours;
const of = (kind: 'developers' | 'companies' | 'appgroups', name: string, app: string) => ({
  owner: { kind, name },
  app,
});

test('reads developer and app, and puts the address in lower case, as Apigee X keeps it', () => {
  const target = 'developers/Dev.One+x@Example.COM/apps/Orders client 2';

  expect(parseTarget(target, x)).toEqual(of('developers', 'dev.one+x@example.com', 'Orders client 2'));
  expect(parseTarget(target, edge)).toEqual(of('developers', 'Dev.One+x@Example.COM', 'Orders client 2'));
});

test('reads the owners that a flavour has, and refuses those that it does not have', () => {
  const company = 'companies/Acme $1/apps/a';
  const group = 'appgroups/Acme-1.x/apps/a';

  for (const flavour of [edge, opdk]) {
    expect(parseTarget(company, flavour)).toEqual(of('companies', 'Acme $1', 'a'));
    expect(() => parseTarget(group, flavour)).toThrow(
      expect.objectContaining({
        reason: 'misconfigured',
        field: 'target',
        message: 'A target is developers/<e-mail>/apps/<name> or companies/<company>/apps/<name>',
      }),
    );
  }
  for (const flavour of [x, hybrid]) {
    expect(parseTarget(group, flavour)).toEqual(of('appgroups', 'Acme-1.x', 'a'));
    expect(() => parseTarget(company, flavour)).toThrow(
      expect.objectContaining({
        reason: 'misconfigured',
        field: 'target',
        message: 'A target is developers/<e-mail>/apps/<name> or appgroups/<group>/apps/<name>',
      }),
    );
  }
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
  'companies/../apps/d',
  'companies//apps/d',
  'companies/a@b.c/apps/d',
  'companies/a/b/apps/d',
  'companies/ a/apps/d',
  'appgroups/./apps/d',
  'appgroups/a@b.c/apps/d',
  'appgroups/a/apps/..',
  'appgroups/a?b/apps/d',
  'constructor/a/apps/d',
])('refuses %j', (target) => {
  for (const flavour of [x, edge]) {
    expect(() => parseTarget(target, flavour)).toThrow(
      expect.objectContaining({ reason: 'misconfigured', field: 'target' }),
    );
  }
});

test('writes a target that it can read again, or none', () => {
  expect(formatTarget(of('developers', 'Dev@Example.com', 'orders'), x)).toBe('developers/dev@example.com/apps/orders');
  expect(formatTarget(of('companies', 'Acme', 'orders'), edge)).toBe('companies/Acme/apps/orders');
  for (const strange of [
    of('developers', 'dev@example.com', 'a/b'),
    of('appgroups', 'a/b', 'c'),
    of('companies', 'a', 'b'),
  ]) {
    expect(() => formatTarget(strange, x)).toThrow(expect.objectContaining({ reason: 'unsupported', field: 'target' }));
  }
});
