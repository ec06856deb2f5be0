import * as z from 'zod';

import { defineEvent, secretFacts } from './define-event.ts';

/** A credential of an abandoned rotation, which never was current, was deleted at the provider; or one whose secret was gone (`formerSecret`). */
export const OrphanReaped = defineEvent('OrphanReaped', '1.1', {
  ...secretFacts,
  versionId: z.string(),
  currentVersionId: z.string(),
  /** Where the credential was another secret's, which is gone: its name, or what is known of it. `versionId` is that one's. */
  formerSecret: z.string().optional(),
});
export type OrphanReaped = z.output<typeof OrphanReaped.detail>;
