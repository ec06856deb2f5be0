import { testCredentialProvider } from '@keyturn/credential-provider/conformance';

import { setUp } from './memory-hosts.conformance.ts';

testCredentialProvider('SSH keys, hosts in memory', setUp);
