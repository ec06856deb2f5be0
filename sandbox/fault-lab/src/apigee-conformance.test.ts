import { testCredentialProvider } from '@keyturn/credential-provider/conformance';

import { labFixture } from './apigee-lab.conformance.ts';

testCredentialProvider('Apigee in the lab, chosen keys', labFixture('chosen'));
testCredentialProvider('Apigee in the lab, generated keys', labFixture('generated'));
