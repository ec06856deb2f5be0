import { readFileSync } from 'node:fs';
import { join } from 'node:path';

import { parseConfig } from '@keyturn/config/parse-config';
import { expect, test } from 'vitest';

import { adapterFunctions, adapterRoles } from '../infra/adapters.ts';
import { condition, grantsOf } from './roles.ts';
import { root } from './source-files.ts';
import { list, text, type Reference, type Template } from './template.ts';

/** The adapters of the example, with its one line about a secret changed, and of another provider. */
function adaptersWith(secrets: string, another = ''): Template {
  const example = readFileSync(join(root, 'config/example.yaml'), 'utf8').replace(
    /^providers:\n/m,
    (line) => line + another,
  );
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

test('of the two functions for API Gateway only one makes keys, and only the other one deletes any', () => {
  const template = adaptersWith('    adminSecret: apigee/admin\n', '  apigateway: { kind: apigateway }\n');
  const may = (role: string) =>
    grantsOf(template, 'apigateway:')
      .filter((grant) => grant.role === role)
      .flatMap(({ statement }) =>
        list(statement.Action).flatMap((action) =>
          list(statement.Resource).map((arn) => `${action.slice(11)} ${text(arn).replace(/^.*Region}::(?=\/)/, '')}`),
        ),
      );
  const looks = ['GET /apikeys', 'GET /apikeys/*', 'GET /usageplans', 'GET /usageplans/*'];

  expect(may('ApigatewayIssueRole')).toEqual([
    ...looks,
    'POST /apikeys',
    'POST /usageplans/*/keys',
    'DELETE /usageplans/*/keys/*',
    expect.stringMatching(/^PUT \/tags\/arn%3A/),
    'PATCH /apikeys/*',
  ]);
  expect(may('ApigatewayRetireRole')).toEqual([...looks, 'PATCH /apikeys/*', 'DELETE /apikeys/*']);
});

test('what API Gateway lets an adapter do to a key depends on the mark of this installation', () => {
  const template = adaptersWith('    adminSecret: apigee/admin\n', '  apigateway: { kind: apigateway }\n');
  const conditions = grantsOf(template, 'apigateway:').map(({ role, statement }) => [
    role,
    statement.Sid,
    statement.Condition,
  ]);
  const mark = { 'Fn::Sub': 'keyturn/v1/${AWS::AccountId}/${AWS::Region}/prod/*' };

  expect(conditions.filter(([, , when]) => when !== undefined)).toEqual([
    ['ApigatewayIssueRole', 'MakeKeys', { StringLike: { 'aws:RequestTag/keyturn': mark } }],
    ['ApigatewayIssueRole', 'MarkKeys', { StringLikeIfExists: { 'aws:ResourceTag/keyturn': mark } }],
    ['ApigatewayRetireRole', 'EndKeys', { StringLike: { 'aws:ResourceTag/keyturn': mark } }],
  ]);
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
