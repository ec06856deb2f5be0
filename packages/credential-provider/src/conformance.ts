import { describe } from 'vitest';

import { checking, finding, propagating } from './check.conformance.ts';
import { conformanceTest } from './conformance-subject.ts';
import { ensuring, marking, proposing } from './issue.conformance.ts';
import type { SetUp } from './provider-fixture.ts';
import { retiring, sparing } from './retire.conformance.ts';
import { failing, targeting } from './trouble.conformance.ts';

/** The contract of CredentialProvider as tests; every capability that a provider claims, or denies, has one. An adapter's test file calls it. */
export function testCredentialProvider(name: string, setUp: SetUp): void {
  describe(`CredentialProvider: ${name}`, () => {
    const test = conformanceTest(setUp);
    proposing(test);
    ensuring(test);
    marking(test);
    checking(test);
    finding(test);
    propagating(test);
    retiring(test);
    sparing(test);
    targeting(test);
    failing(test);
  });
}
