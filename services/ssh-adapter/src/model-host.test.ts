import { testHostScript } from './host-script.conformance.ts';
import { runModel } from './like-model.conformance.ts';

testHostScript('the model', runModel);
