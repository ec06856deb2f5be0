import * as z from 'zod';

import { apigee, checkApigee } from './apigee-config.ts';
import type { Problems } from './problem.ts';
import { checkSsh, ssh } from './ssh-config.ts';

export const provider = z.discriminatedUnion('kind', [apigee, ssh]);

/** What the schema cannot say of a provider, kind by kind. `at`: where it stands, such as `providers.apigee`. */
export function checkProvider(at: string, config: z.output<typeof provider>): Problems {
  switch (config.kind) {
    case 'apigee':
      return checkApigee(at, config);
    case 'ssh':
      return checkSsh(at, config);
  }
}
