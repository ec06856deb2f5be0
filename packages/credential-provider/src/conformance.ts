import { describe } from 'vitest';

import { checking } from './check.conformance.ts';
import { conformanceTest, type Test } from './conformance-subject.ts';
import { traitsOf, type Traits } from './conformance-traits.ts';
import { ensuring } from './ensure.conformance.ts';
import { finding } from './find.conformance.ts';
import { marking } from './mark.conformance.ts';
import { propagating } from './propagate.conformance.ts';
import { proposing } from './propose.conformance.ts';
import type { SetUp } from './provider-fixture.ts';
import { refusing } from './refuse.conformance.ts';
import { repeating } from './repeat.conformance.ts';
import { replacing } from './replace.conformance.ts';
import { retiring, sparing } from './retire.conformance.ts';
import { failing, targeting } from './trouble.conformance.ts';

/** The contract of CredentialProvider as tests; every capability that a provider claims, or denies, has one. An adapter's test file calls it. */
export function testCredentialProvider(name: string, setUp: SetUp): void {
  describe(`CredentialProvider: ${name}`, async () => {
    contract(conformanceTest(setUp), await traitsOf(setUp));
  });
}

/** The same for any runner of tests. */
export function contract(test: Test, traits: Traits): void {
  if (traits.overlap === 'none' && !traits.mark) {
    replacing(test);
  } else {
    proposing(test, traits);
    ensuring(test, traits);
    repeating(test, traits);
    refusing(test, traits);
    propagating(test, traits);
  }
  marking(test, traits);
  checking(test, traits);
  finding(test, traits);
  retiring(test, traits);
  sparing(test, traits);
  targeting(test, traits);
  failing(test, traits);
}
