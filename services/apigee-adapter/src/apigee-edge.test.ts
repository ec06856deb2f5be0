import { testFlavour } from './apigee-provider.conformance.ts';

testFlavour('edge', ['developers', 'companies']);
