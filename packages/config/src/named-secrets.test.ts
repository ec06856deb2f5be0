import { expect, test } from 'vitest';

import { namedSecrets } from './named-secrets.ts';
import { parseConfig } from './parse-config.ts';

test('every secret that a configuration names is found, with the field that names it', () => {
  const text = `
stage: test
providers:
  one: { kind: apigee, organization: acme, adminSecret: a, retireSecret: b, network: { proxy: 'http://p.example', proxySecret: c } }
  two:
    kind: token
    adminSecret: h
    masters: [i]
    preset: oauth
    parameters: { issuer: 'https://a.example', admin: 'https://b.example' }
shapes: {}
readers: {}
policies: {}
routes: { default: { mail: [a@acme.example] } }
notifications:
  mail: { from: k@acme.example }
  slack: { tokenSecret: d, webhookSecret: e }
  webhooks: { team: { url: 'https://hook.example/x', secret: f, format: keyturn } }
  network: { proxy: 'http://p.example', proxySecret: g }
runbooks: https://runbooks.acme.example
`;
  const named = namedSecrets(parseConfig(text));

  expect(named.map(({ name }) => name).toSorted()).toEqual(['a', 'b', 'c', 'd', 'e', 'f', 'g', 'h', 'i']);
  expect(named).toContainEqual({ field: 'providers.one.network.proxySecret', name: 'c' });
  // Whoever adds a field that names a secret adds it there.
  const fields = [...text.matchAll(/(\w*[sS]ecret|masters): \[?\w\b/g)].map(([, field = '']) => field);
  expect(fields).toHaveLength(named.length);
});
