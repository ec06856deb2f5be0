import { apigatewayLabProvider } from './apigateway-world.ts';
import { apigeeLabProvider } from './apigee-world.ts';
import type { LabProviderFactory } from './lab-provider.ts';
import { memoryLabProvider } from './memory-lab-provider.ts';
import { sshLabProvider } from './ssh-world.ts';
import { tokenLabProvider } from './token-world.ts';

/** Whose keys are rotated in the lab, by the names that `--provider` takes. */
export const providers: Readonly<Record<string, LabProviderFactory>> = {
  memory: memoryLabProvider('chosen'),
  'memory-generated': memoryLabProvider('generated'),
  'memory-unmarked': memoryLabProvider('chosen', { marks: false }),
  'memory-final': memoryLabProvider('chosen', { enables: false }),
  apigee: (options) => apigeeLabProvider('chosen', options),
  'apigee-generated': (options) => apigeeLabProvider('generated', options),
  apigateway: apigatewayLabProvider,
  token: (options) => tokenLabProvider('multi', options),
  'token-two-slot': (options) => tokenLabProvider('two-slot', options),
  ssh: sshLabProvider,
};

export function providerNamed(name: string): LabProviderFactory {
  const found = providers[name];
  if (found === undefined)
    throw new Error(`There is no provider ${name}; there are ${Object.keys(providers).join(', ')}`);
  return found;
}
