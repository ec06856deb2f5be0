import { expect, test } from 'vitest';

import { checkRequest } from './check-request.ts';

const json = 'application/json';
const octets = 'application/octet-stream';
const key = '/v1/organizations/o/developers/d%40x.io/apps/a%20b/keys/k';

test.each([
  ['GET', key, undefined, '', 'keys.get'],
  ['POST', key, json, '{"apiProducts":["p"],"attributes":[{"name":"a","value":"b"}]}', 'keys.updateDeveloperAppKey'],
  ['POST', `${key}?action=revoke`, octets, '', 'keys.updateDeveloperAppKey'],
  ['PUT', key, json, '{"scopes":["READ"]}', 'keys.replaceDeveloperAppKey'],
  ['POST', `${key}/apiproducts/p?action=approve`, octets, '', 'keys.apiproducts.updateDeveloperAppKeyApiProduct'],
  ['DELETE', key, undefined, '', 'keys.delete'],
  ['POST', `${key.slice(0, -2)}/create`, json, '{"expiresInSeconds":"60"}', 'keys.create.create'],
])('lets %s %s through', (method, url, contentType, body, id) => {
  const { id: found, problem } = checkRequest({ method, url, contentType, body });

  expect(problem).toBeUndefined();
  expect(found).toContain(id);
});

test.each([
  ['PUT', '/v1/organizations/o/developers/d/apps/a', json, '{"name":"a"}', 'no such call'],
  ['GET', '/v1/organizations/o/developers/d/apps/a/keys', undefined, '', 'no such call'],
  ['GET', '/v1/organizations/o/developers//apps/a', undefined, '', 'no such call'],
  ['POST', key, json, '{"products":["p"]}', '.products is unknown'],
  ['POST', key, json, '{"attributes":{"a":"b"}}', '.attributes is not a list'],
  ['POST', key, json, '{"attributes":[{"name":"a","vlaue":"b"}]}', '.attributes[0].vlaue is unknown'],
  ['POST', key, json, '{"expiresInSeconds":60}', '.expiresInSeconds is not of type int64'],
  ['POST', key, json, '{"scopes":[1]}', '.scopes[0] is not of type string'],
  ['POST', key, json, '[]', 'is not an object'],
  ['POST', key, octets, '{}', 'is not JSON'],
  ['POST', `${key}?action=delete`, octets, '', 'neither'],
  ['POST', `${key}?action=revoke`, json, '', 'empty octets'],
  ['POST', `${key}?action=revoke`, octets, '{}', 'empty octets'],
  ['POST', `${key}?status=revoked`, octets, '', 'query parameter status'],
  ['GET', '/v1/organizations/o/apps?expand=yes', undefined, '', 'query parameter expand'],
  ['DELETE', key, json, '{}', 'no body'],
  ['GET', key, json, '', 'without a body'],
])('finds what is wrong with %s %s (%s, %s)', (method, url, contentType, body, problem) => {
  expect(checkRequest({ method, url, contentType, body }).problem).toContain(problem);
});
