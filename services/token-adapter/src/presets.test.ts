import { testCredentialProvider } from '@keyturn/credential-provider/conformance';

import { presetsUnderTest } from './presets.conformance.ts';
import { tokenFixture } from './token-fixture.conformance.ts';

for (const [name, { described, shown }] of Object.entries(presetsUnderTest)) {
  testCredentialProvider(`the preset for ${name}`, tokenFixture(described, shown));
}
