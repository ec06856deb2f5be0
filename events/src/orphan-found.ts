import * as z from 'zod';

import { defineEvent, secretFacts } from './define-event.ts';

/** A key at the provider that this installation made for a secret that is gone. It is told to whoever owns a secret that lives in the same place, or the last one that did. */
export const OrphanFound = defineEvent('OrphanFound', '1.1', {
  ...secretFacts,
  /** Of the secret that is gone: the version that held the key. */
  versionId: z.string(),
  /** The name of the secret that is gone, or what is known of it. */
  formerSecret: z.string(),
  /** Where the key is, in the provider's own form. */
  target: z.string(),
  /** No secret lives in that place any more: the one that is told of was the last. Left out by events of an earlier version. */
  secretGone: z.boolean().optional(),
  /** When it is switched off at the earliest; null: never by Keyturn, as things are. */
  reapAt: z.iso.datetime().nullable(),
});
export type OrphanFound = z.output<typeof OrphanFound.detail>;
