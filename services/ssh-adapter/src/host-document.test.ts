import { expect, test } from 'vitest';

import { hostDocument, operations } from './host-document.ts';

const groups = { web: { user: 'deploy', file: '~/.ssh/authorized_keys' } };
const made = (duty: 'issue' | 'retire') =>
  hostDocument({ stage: 'prod', providerId: 'hosts', duty, groups, script: 'the script' });

test('who issues cannot destroy, and who retires cannot issue', () => {
  for (const duty of ['issue', 'retire'] as const) {
    const { parameters, mainSteps } = made(duty);
    expect(parameters.operation.allowedValues).toEqual(operations[duty]);
    expect(mainSteps[0]?.inputs.runCommand.join('\n')).toContain(`case $operation in ${operations[duty].join(' | ')})`);
  }
  expect(operations.issue).not.toContain('remove');
  expect(operations.retire).not.toContain('add');
});

test('a parameter picks a group of the document, and no user and no file', () => {
  const { parameters } = made('issue');
  expect(Object.keys(parameters).sort()).toEqual(['before', 'group', 'key', 'mark', 'operation', 'options']);
  expect(parameters.group.allowedValues).toEqual(['web']);
});

test.each(["'", '"', '`', '$(id)', ';', '\\', '\n', '{{ mark }}', ' a b', '*', '~'])(
  'no parameter takes %j, which means something to a shell',
  (text) => {
    const { key, mark, options, before } = made('issue').parameters;
    for (const { allowedPattern } of [key, mark, options, before]) {
      expect(new RegExp(allowedPattern).test(text)).toBe(false);
      expect(new RegExp(allowedPattern).test(`AAAA${text}`)).toBe(false);
    }
    expect(new RegExp(key.allowedPattern).test(`ssh-ed25519 AAAA${text}`)).toBe(false);
  },
);

test('every parameter stands in quotes, once', () => {
  const { mainSteps, parameters } = made('issue');
  const lines = mainSteps[0]?.inputs.runCommand ?? [];
  for (const name of Object.keys(parameters)) {
    expect(lines.filter((line) => line.includes(`{{ ${name} }}`))).toEqual([`${name}='{{ ${name} }}'`]);
  }
});
