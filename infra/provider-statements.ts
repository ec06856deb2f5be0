import type { OwnProviderConfig } from '@keyturn/config/config';

import type { Value } from './cloud-formation.ts';

/** What one of the two functions of an adapter is there for. */
export type Duty = 'issue' | 'retire';

/** What an adapter may do on AWS because its provider is there, kind by kind; others need no more than their admin credential. */
export function providerStatements(provider: OwnProviderConfig, _duty: Duty): readonly Value[] {
  switch (provider.kind) {
    case 'apigee':
    case 'token':
      return [];
  }
}
