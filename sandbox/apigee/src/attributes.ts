import * as z from 'zod';
import { ApigeeError } from './apigee-error.ts';
import type { Attribute } from './simulator.ts';

/** As a request may give them. */
export const SentAttributes = z.array(z.object({ name: z.string().nullish(), value: z.string().nullish() })).nullish();

const attributesPerEntity = 18;

/** The last of several attributes with one name wins. */
export function attributesOf(sent: z.infer<typeof SentAttributes> | readonly Attribute[]): Attribute[] {
  const byName = new Map((sent ?? []).map(({ name, value }) => [name ?? '', value ?? '']));
  if (byName.has('') || byName.size > attributesPerEntity) {
    throw new ApigeeError(400, `Attributes have names, and there are at most ${attributesPerEntity} of them`);
  }
  return [...byName].map(([name, value]) => ({ name, value }));
}
