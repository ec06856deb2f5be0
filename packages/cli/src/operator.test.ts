import { userInfo } from 'node:os';

import { expect, test } from 'vitest';

import { operatorName } from './operator.ts';

test('whoever runs a command is known by the name of the account', () => {
  expect(operatorName()).toBe(userInfo().username);
});

test('a command runs for an account without a name, too', () => {
  const nameless = () => {
    throw new Error('A system error occurred: uv_os_get_passwd returned ENOENT');
  };

  expect(operatorName(nameless)).toBe('somebody');
});
