import { testFlavour } from './apigee-provider.conformance.ts';

testFlavour('opdk', ['developers', 'companies']);
