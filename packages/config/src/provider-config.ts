import * as z from 'zod';

import { apigateway, checkApiGateway } from './apigateway-config.ts';
import { apigee, checkApigee } from './apigee-config.ts';
import { checkCustom, custom } from './custom-config.ts';
import type { Problems } from './problem.ts';

export const provider = z.discriminatedUnion('kind', [apigee, apigateway, custom]);

/** What the schema cannot say of a provider, kind by kind. `at`: where it stands, such as `providers.apigee`. */
export function checkProvider(at: string, config: z.output<typeof provider>): Problems {
  switch (config.kind) {
    case 'apigee':
      return checkApigee(at, config);
    case 'custom':
      return checkCustom(at, config);
    case 'apigateway':
      return checkApiGateway(at, config);
  }
}
