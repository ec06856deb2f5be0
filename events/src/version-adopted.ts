import * as z from 'zod';

import { defineEvent } from './define-event.ts';

/**
 * Told BY A READER, not by Keyturn: from now on it uses this version of the secret. Whoever may put it on the bus may write anything in it, so it is believed
 * only for who sent it: the envelope's account, which EventBridge writes, has to be one that the configuration declares for this reader.
 */
export const VersionAdopted = defineEvent('VersionAdopted', '1.0', {
  secretArn: z.string().max(2048),
  versionId: z.string().max(64),
  /** An id under `readers` of the configuration. */
  reader: z.string().max(30),
});
export type VersionAdopted = z.output<typeof VersionAdopted.detail>;
