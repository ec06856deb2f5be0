import { testCredentialProvider } from '@keyturn/credential-provider/conformance';
import { conformanceTest } from '@keyturn/credential-provider/conformance-subject';
import { traitsOf } from '@keyturn/credential-provider/conformance-traits';
import { marking } from '@keyturn/credential-provider/mark.conformance';
import { retiring } from '@keyturn/credential-provider/retire.conformance';
import { describe, vi } from 'vitest';

import { simulatedHosts } from './simulated-hosts.conformance.ts';

// Logins, and here and there shells.
vi.setConfig({ testTimeout: 60_000 });

testCredentialProvider('SSH keys, by the SDK and real logins', simulatedHosts('model'));

// Each operation starts a dozen processes, so this is only the part that has every operation in it. authorized-keys.test.ts holds the script to what the model is held to.
describe('the same by a real shell', async () => {
  const setUp = simulatedHosts('sh');
  const test = conformanceTest(setUp);
  const traits = await traitsOf(setUp);
  marking(test, traits);
  retiring(test, traits);
});
