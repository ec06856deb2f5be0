import { testFlavour } from './apigee-provider.conformance.ts';

testFlavour('hybrid', ['developers', 'appgroups']);
