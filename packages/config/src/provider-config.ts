import * as z from 'zod';

import { apigateway, checkApiGateway } from './apigateway-config.ts';
import { apigee, checkApigee } from './apigee-config.ts';
import { checkCustom, custom } from './custom-config.ts';
import type { Problems } from './problem.ts';
import { checkSsh, ssh } from './ssh-config.ts';
import { checkToken, token } from './token-config.ts';

export const provider = z.discriminatedUnion('kind', [apigee, apigateway, token, ssh, custom]);

/** What the schema cannot say of a provider, kind by kind. `at`: where it stands, such as `providers.apigee`. */
export function checkProvider(at: string, config: z.output<typeof provider>): Problems {
  switch (config.kind) {
    case 'apigee':
      return checkApigee(at, config);
    case 'token':
      return checkToken(at, config);
    case 'custom':
      return checkCustom(at, config);
    case 'apigateway':
      return checkApiGateway(at, config);
    case 'ssh':
      return checkSsh(at, config);
  }
}

/** Secrets with which an adapter administers keys, beside `adminSecret` and `retireSecret`. */
export const mastersOf = (config: z.output<typeof provider>): readonly string[] =>
  config.kind === 'token' ? config.masters : [];
