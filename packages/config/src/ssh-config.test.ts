import { expect, test } from 'vitest';

import { checkSsh, ssh } from './ssh-config.ts';

const web = { tag: { key: 'Role', values: ['web'] }, user: 'deploy' };
const problemsOf = (config: object) => [...checkSsh('providers.hosts', ssh.parse({ kind: 'ssh', ...config }))];

test('a group is a tag and a user; all else has a default', () => {
  expect(ssh.parse({ kind: 'ssh', groups: { web } })).toMatchObject({
    propagation: 10_000,
    revocation: 10_000,
    groups: { web: { file: '~/.ssh/authorized_keys', login: true, offline: 'wait', requiredShare: 50, hostKeys: [] } },
  });
});

test.each([
  ['user', 'root; id'],
  ['user', '$(id)'],
  ['file', 'authorized_keys'],
  ['file', "/etc/'keys"],
  ['file', '/home/deploy/../root/.ssh/authorized_keys'],
  ['file', '~/../root/.ssh/authorized_keys'],
  ['file', '/keys/..'],
  ['file', '~root/.ssh/authorized_keys'],
  ['file', '/keys/{{ user }}'],
  ['tag', { key: 'aws:role', values: ['web'] }],
  ['tag', { key: 'Role', values: [] }],
  ['hostKeys', ['ssh-ed25519']],
  ['offline', 'hope'],
])('%s cannot be %j', (field, value) => {
  const parsed = ssh.safeParse({ kind: 'ssh', groups: { web: { ...web, [field]: value } } });

  expect(parsed.success).toBe(false);
});

test.each(['~/.ssh/authorized_keys', '/etc/ssh/keys/deploy', '/home/deploy/.ssh/authorized_keys2'])(
  'file may be %s',
  (file) => {
    expect(ssh.safeParse({ kind: 'ssh', groups: { web: { ...web, file } } }).success).toBe(true);
  },
);

test('refuses no group, a secret that nobody reads, and one file in two groups', () => {
  expect(problemsOf({ groups: {} })).toMatchObject([{ field: 'providers.hosts.groups' }]);
  expect(problemsOf({ groups: { web }, adminSecret: 'a' })).toMatchObject([{ field: 'providers.hosts.adminSecret' }]);
  expect(problemsOf({ groups: { web, again: web } })).toMatchObject([{ field: 'providers.hosts.groups.again' }]);
  expect(problemsOf({ groups: { web, other: { ...web, user: 'jobs' } } })).toEqual([]);
  expect(problemsOf({ groups: { web }, ssmUrl: 'http://ssm.example' })).toMatchObject([
    { field: 'providers.hosts.ssmUrl' },
  ]);
});
