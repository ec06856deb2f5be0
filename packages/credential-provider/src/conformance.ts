import { describe } from 'vitest';

import type { SetUp } from './provider-fixture.ts';

/** The contract of CredentialProvider as tests. An adapter's test file calls it once. */
export function testCredentialProvider(name: string, setUp: SetUp): void {
  describe(name, () => {
    void setUp;
  });
}
