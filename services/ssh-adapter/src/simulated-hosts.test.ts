import { testCredentialProvider } from '@keyturn/credential-provider/conformance';

import { vi } from 'vitest';

import { simulatedHosts } from './simulated-hosts.conformance.ts';

// Each operation starts shells on every host.
vi.setConfig({ testTimeout: 60_000 });

testCredentialProvider('SSH keys, by the SDK, a real shell and real logins', simulatedHosts);
