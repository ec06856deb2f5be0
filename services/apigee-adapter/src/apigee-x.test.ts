import { testFlavour } from './apigee-provider.conformance.ts';

testFlavour('x', ['developers', 'appgroups']);
