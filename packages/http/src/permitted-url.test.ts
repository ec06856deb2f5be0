import { expect, test } from 'vitest';

import { permittedUrl } from './permitted-url.ts';

const operation = 'read';

test.each([
  ['https://h.example/v1', '/a/b%2Fc', 'https://h.example/v1/a/b%2Fc'],
  ['https://h.example/v1/', '/a', 'https://h.example/v1/a'],
  ['https://h.example', '/', 'https://h.example/'],
  ['https://h.example:8443', '/dev%40x.io', 'https://h.example:8443/dev%40x.io'],
  ['http://127.0.0.1:8080/v1', '/a', 'http://127.0.0.1:8080/v1/a'],
])('%s and %s make %s', (baseUrl, path, expected) => {
  expect(permittedUrl({ operation, baseUrl, path }, ['127.0.0.1']).href).toBe(expected);
});

test.each([
  ['http://h.example', '/a', 'is not https'],
  ['ftp://h.example', '/a', 'is not an https URL'],
  ['https://me:pass@h.example', '/a', 'holds credentials'],
  ['https://h.example/?a=b', '/a', 'has a query'],
  ['not a url', '/a', 'cannot be read'],
  ['https://h.example/v1', '/../v2', 'leads elsewhere'],
  ['https://h.example/v1', '/%2e%2e/v2', 'leads elsewhere'],
  ['https://h.example/v1', '/a//b', 'leads elsewhere'],
  ['https://h.example/v1', '/a\\b', 'leads elsewhere'],
  ['https://h.example/v1', '/a?b', 'leads elsewhere'],
  ['https://h.example/v1', '/a#b', 'leads elsewhere'],
  ['https://h.example/v1', '/a b', 'leads elsewhere'],
  ['https://h.example/v1', '/a\nb', 'leads elsewhere'],
  ['https://h.example', '@evil.example/', 'leads elsewhere'],
  ['https://h.example', '.evil.example/', 'leads elsewhere'],
  ['https://h.example', ':444/a', 'leads elsewhere'],
  ['https://h.example', '', 'leads elsewhere'],
])('%s and %j are refused: the URL %s', (baseUrl, path, problem) => {
  expect(() => permittedUrl({ operation, baseUrl, path }, [])).toThrow(problem);
});

test('encodes the query', () => {
  const url = permittedUrl({ operation, baseUrl: 'https://h.example', path: '/a', query: { q: '#x&y=/' } }, []);

  expect(url.search).toBe('?q=%23x%26y%3D%2F');
});
