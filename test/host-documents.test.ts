import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';

import { parseConfig } from '@keyturn/config/parse-config';
import { describe, expect, test } from 'vitest';

import { adapterFunctions, adapterRoles } from '../infra/adapters.ts';
import { hostDocuments } from '../infra/host-documents.ts';
import { grantsOf, resourcesOf } from './roles.ts';
import { root } from './source-files.ts';
import type { Template } from './template.ts';

const hosts = `  hosts:
    kind: ssh
    groups:
      web: { tag: { key: Role, values: [web, web-canary] }, user: deploy }
      jobs: { tag: { key: Team, values: [jobs] }, user: jobs, file: /etc/ssh/keys/jobs }
shapes:`;
const config = parseConfig(readFileSync(join(root, 'config/example.yaml'), 'utf8').replace(/^shapes:/m, () => hosts));
const template = {
  environment: {},
  functions: adapterFunctions(config),
  resources: adapterRoles(config),
} as unknown as Template;

const commands = (role: string) =>
  grantsOf(template, 'ssm:SendCommand')
    .filter((grant) => grant.role === role)
    .map((grant) => ({ on: resourcesOf(grant), where: grant.statement.Condition }));

describe.each([
  ['issue', 'HostsIssueRole'],
  ['retire', 'HostsRetireRole'],
] as const)('the function that %ss', (duty, role) => {
  test('sends its own document and no other, to hosts that bear the tag of a group', () => {
    const instances = [
      expect.stringMatching(/:ec2:.*:instance\/\*$/),
      expect.stringMatching(/:ssm:.*:managed-instance\/\*$/),
    ];

    expect(commands(role)).toEqual([
      { on: [expect.stringMatching(new RegExp(`:document/keyturn-prod-hosts-${duty}$`))], where: undefined },
      { on: instances, where: { StringEquals: { 'ssm:resourceTag/Role': ['web', 'web-canary'] } } },
      { on: instances, where: { StringEquals: { 'ssm:resourceTag/Team': ['jobs'] } } },
    ]);
  });

  test('reads no secret', () => {
    expect(grantsOf(template, 'secretsmanager:').filter((grant) => grant.role === role)).toEqual([]);
  });
});

test('no other role may have hosts do anything', () => {
  const roles = new Set(grantsOf(template, 'ssm:').map(({ role }) => role));

  expect([...roles].sort()).toEqual(['HostsIssueRole', 'HostsRetireRole']);
});

test('a stage without hosts has no document', () => {
  expect(hostDocuments(parseConfig(readFileSync(join(root, 'config/example.yaml'), 'utf8')))).toEqual({});
});

const documents = Object.entries(hostDocuments(config)).map(([id, { Properties }]) => {
  const content = Properties['Content'] as { mainSteps: [{ inputs: { runCommand: string[] } }] };
  return {
    id,
    name: Properties['Name'],
    size: JSON.stringify(content).length,
    lines: content.mainSteps[0].inputs.runCommand,
  };
});

test.each(documents)('$id is a script that a shell can read, within what SSM takes', ({ size, lines }) => {
  // For osls, each dollar sign before a brace has a backslash, which it takes away.
  const text = lines.join('\n').replaceAll('\\${', '${');

  expect(spawnSync('sh', ['-n'], { input: text, encoding: 'utf8' })).toMatchObject({ status: 0, stderr: '' });
  expect(size).toBeLessThan(64 * 1024);
  expect(lines.join('\n')).not.toMatch(/(?<!\\)\$\{/);
});

test('documents have the names that the functions call', () => {
  expect(documents.map(({ name }) => name)).toEqual(['keyturn-prod-hosts-issue', 'keyturn-prod-hosts-retire']);
});
