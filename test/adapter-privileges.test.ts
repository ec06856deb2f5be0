import { readFileSync } from 'node:fs';
import { join } from 'node:path';

import { parseConfig } from '@keyturn/config/parse-config';
import { expect, test } from 'vitest';

import { adapterFunctions, adapterRoles } from '../infra/adapters.ts';
import { condition, grantsOf } from './roles.ts';
import { root } from './source-files.ts';
import { list, text, type Reference, type Template } from './template.ts';

/** The adapters of the example, with its one line about a secret changed. */
function adaptersWith(secrets: string): Template {
  const example = readFileSync(join(root, 'config/example.yaml'), 'utf8');
  const config = parseConfig(example.replace(/ {4}adminSecret: .*\n/, () => secrets));
  return {
    environment: {},
    functions: adapterFunctions(config),
    resources: adapterRoles(config),
  } as unknown as Template;
}

/** Role → what it may read, and what a key may decrypt for it. */
const secretsOf = (template: Template): unknown =>
  Object.fromEntries(
    ['ApigeeIssueRole', 'ApigeeRetireRole'].map((role) => {
      const of = (service: string) => grantsOf(template, service).filter((grant) => grant.role === role);
      const named = (arn: unknown) => text(arn as Reference).replace(/^.*:secret:/, '');
      return [
        role,
        {
          read: of('secretsmanager:').flatMap((grant) => list(grant.statement.Resource).map(named)),
          decrypt: of('kms:').flatMap((grant) =>
            condition(grant, 'StringLike', 'kms:EncryptionContext:SecretARN').map(named),
          ),
        },
      ];
    }),
  );
const only = (name: string) => ({ read: [`${name}-??????`], decrypt: [`${name}-??????`] });

test('with a retireSecret, neither function of an adapter reads the secret of the other', () => {
  const template = adaptersWith('    adminSecret: apigee/issue\n    retireSecret: apigee/retire\n');

  expect(secretsOf(template)).toEqual({
    ApigeeIssueRole: only('apigee/issue'),
    ApigeeRetireRole: only('apigee/retire'),
  });
});

test('without one, both read the one there is', () => {
  const template = adaptersWith('    adminSecret: apigee/admin\n');

  expect(secretsOf(template)).toEqual({
    ApigeeIssueRole: only('apigee/admin'),
    ApigeeRetireRole: only('apigee/admin'),
  });
});

test('an adapter without a key reads no secret and decrypts nothing', () => {
  const audience = '//iam.googleapis.com/projects/1/locations/global/workloadIdentityPools/a/providers/b';
  const template = adaptersWith(`    auth: { as: workloadIdentity, audience: ${audience} }\n`);

  const nothing = { read: [], decrypt: [] };
  expect(secretsOf(template)).toEqual({ ApigeeIssueRole: nothing, ApigeeRetireRole: nothing });
});

test('of an API that issues tokens, both functions read the masters that the configuration lists', () => {
  const example = readFileSync(join(root, 'config/example.yaml'), 'utf8');
  const vendor = {
    kind: 'token',
    adminSecret: 'vendor/master',
    masters: ['vendor/eu'],
    preset: 'oauth',
    parameters: { issuer: 'https://login.vendor.example', admin: 'https://admin.vendor.example' },
  };
  const config = parseConfig(
    example.replace('providers:\n', () => `providers:\n  vendor: ${JSON.stringify(vendor)}\n`),
  );
  const template = { environment: {}, functions: adapterFunctions(config), resources: adapterRoles(config) };

  const read = grantsOf(template as unknown as Template, 'secretsmanager:')
    .filter(({ role }) => role.startsWith('Vendor'))
    .map(({ role, statement }) => [role, list(statement.Resource).map((arn) => text(arn).replace(/^.*:secret:/, ''))]);
  const both = ['vendor/master-??????', 'vendor/eu-??????'];
  expect(Object.fromEntries(read)).toEqual({ VendorIssueRole: both, VendorRetireRole: both });
  expect(adapterFunctions(config)).toMatchObject({
    'vendor-issue': { handler: 'services/token-adapter/src/handler.issue' },
  });
});
