import { expect, test } from 'vitest';

import { stringsOf } from './find-leaks.ts';

test('every string of a secret may be the one that nobody may see, however deep', () => {
  expect(stringsOf('{"user":"orders","keys":[{"value":"abc"}],"port":22}')).toEqual(['orders', 'abc']);
});

test('a secret that is no JSON is one as a whole', () => {
  expect(stringsOf('-----BEGIN KEY-----')).toEqual(['-----BEGIN KEY-----']);
});
