import { expect, test } from 'vitest';

import { totp } from './totp.ts';

// 12345678901234567890, the key of RFC 6238, appendix B.
const secret = 'GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ';

test.each([
  [59, '287082'],
  [1111111109, '081804'],
  [1111111111, '050471'],
  [1234567890, '005924'],
  [2000000000, '279037'],
  [20000000000, '353130'],
])('%i s after 1970 it shows what RFC 6238 says: %s', (seconds, code) => {
  expect(totp(secret, seconds * 1000)).toBe(code);
});

test('one code lasts from one half minute to the next', () => {
  expect(totp(secret, 30_000)).toBe(totp(secret, 59_999));
  expect(totp(secret, 60_000)).not.toBe(totp(secret, 59_999));
});

test('takes a secret as people copy it', () => {
  expect(totp(' gezd gnbv gy3t qojq-GEZD GNBV GY3T QOJQ ', 59_000)).toBe('287082');
  expect(totp('MFRGG===', 0)).toBe(totp('MFRGG', 0));
});

test.each(['', '   ', '123456', 'otpauth://totp/Apigee?secret=GEZDGNBV', 'GEZD1'])(
  '%j is no secret of this kind',
  (text) => {
    expect(totp(text, 0)).toBeUndefined();
  },
);
