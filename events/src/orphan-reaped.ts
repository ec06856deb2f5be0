import * as z from 'zod';

import { defineEvent, secretFacts } from './define-event.ts';

/** A credential of an abandoned rotation, which never was current, was deleted at the provider. */
export const OrphanReaped = defineEvent('OrphanReaped', '1.0', {
  ...secretFacts,
  versionId: z.string(),
  currentVersionId: z.string(),
});
export type OrphanReaped = z.output<typeof OrphanReaped.detail>;
