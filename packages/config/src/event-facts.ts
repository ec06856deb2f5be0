import type { SecretDescription } from '@keyturn/aws/secret-store';
import type { Reason } from '@keyturn/rotation/errors';

import type { Config } from './config.ts';
import { entry } from './entry.ts';
import { runbookUrl, tagNames } from './managed-secret.ts';

type Described = Pick<SecretDescription, 'arn' | 'name' | 'tags'>;

/** What every event says of its secret. It holds for a secret whose tags are wrong too: a tag that picks nothing is told as `unknown`. */
export function eventFacts(description: Described, config: Config, reason?: Reason) {
  const known = (tag: string, ids: Readonly<Record<string, unknown>>) => {
    const id = entry(description.tags, tag);
    return id !== undefined && entry(ids, id) !== undefined ? id : 'unknown';
  };
  return {
    secretArn: description.arn,
    secretName: description.name,
    provider: known(tagNames.provider, config.providers),
    owner: known(tagNames.owner, config.routes),
    environment: config.stage,
    runbookUrl: runbookUrl(config, reason),
  };
}
