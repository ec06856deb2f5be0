import { describe, expect, test } from 'vitest';

import { expiredBundles } from './ca-bundle.ts';
import { findProblems } from './find-problems.ts';
import { namedSecrets } from './named-secrets.ts';
import { adapterFunctions } from './names.ts';
import { parseConfig } from './parse-config.ts';

const arn = (name: string) => `arn:aws:lambda:eu-central-1:444455556666:function:${name}`;
const functions = `functions: { issue: '${arn('team-issue')}', retire: '${arn('team-retire:live')}' }`;
const text = (provider: string) => `
stage: prod
providers:
  apigee: { kind: apigee, organization: acme, adminSecret: keyturn/apigee }
  team: { kind: custom, ${provider} }
shapes: { pair: { keyId: /key, secret: /secret } }
readers: { cached: { refresh: 1h } }
policies: { standard: { schedule: rate(30 days), readers: [cached] } }
routes: { default: { mail: [platform@acme.example] } }
notifications: { mail: { from: keyturn@acme.example } }
runbooks: https://runbooks.acme.example
`;
const whole = `${functions}, propagation: 2m, revocation: 1m`;
const problemsOf = (provider: string) =>
  findProblems(text(provider)).problems.map(({ field, message }) => `${field}: ${message}`);

test('an adapter of another team is called by its ARNs; Keyturn names, reads and places nothing for it', () => {
  const config = parseConfig(text(whole));
  const { issue, retire } = adapterFunctions(config);

  expect([issue('team'), retire('team')]).toEqual([arn('team-issue'), arn('team-retire:live')]);
  expect([issue('apigee'), retire('apigee')]).toEqual(['keyturn-prod-apigee-issue', 'keyturn-prod-apigee-retire']);
  expect(config.providers['team']).toMatchObject({ propagation: 120_000, revocation: 60_000, orphans: 'report' });
  expect(namedSecrets(config).map(({ name }) => name)).toEqual(['keyturn/apigee']);
  expect([...expiredBundles(config, 0)]).toEqual([]);
});

describe('refuses', () => {
  test.each([
    ['no functions', 'propagation: 1m, revocation: 1m', 'providers.team.functions: is missing'],
    ['times that nobody told', functions, 'providers.team.propagation: is missing'],
    [
      'a name, which some other function may get',
      whole.replace(arn('team-issue'), 'team-issue'),
      'providers.team.functions.issue: the ARN of a Lambda function, or of an alias of it',
    ],
    [
      'one function for both, also by another alias',
      whole.replace(arn('team-issue'), arn('team-retire:blue')),
      'providers.team.functions.retire: is the function that issues: IAM could not tell any more who may disable and delete',
    ],
    ['a secret, which Keyturn would not read', `${whole}, adminSecret: team/admin`, 'there is no such field'],
    ['a grace that is shorter than its nodes need', whole.replace('revocation: 1m', 'revocation: 30h'), 'grace'],
  ])('%s', (_, provider, problem) => {
    expect(problemsOf(provider).join('\n')).toContain(problem);
  });
});
