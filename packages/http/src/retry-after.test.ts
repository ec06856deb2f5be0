import { expect, test } from 'vitest';

import { retryAfterMs } from './retry-after.ts';

test.each([undefined, '', 'soon', '-1', '1.5', '1e3', 'NaN', '2026-03-01', ['1']])('ignores %j', (header) => {
  expect(retryAfterMs(header, 0)).toBeUndefined();
});
