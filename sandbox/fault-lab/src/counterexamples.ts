import { createHash } from 'node:crypto';
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

import * as z from 'zod';

import { deliveryFaults, faultKinds } from './fault.ts';

const folder = fileURLToPath(new URL('../counterexamples', import.meta.url));

const counterexample = z.object({
  provider: z.string(),
  /** What was broken when it was found, in words; it is mended. */
  violation: z.string(),
  plan: z.object({
    story: z.enum(['one', 'two']),
    faults: z.array(z.object({ at: z.int(), kind: z.enum([...faultKinds, ...deliveryFaults]) })).readonly(),
    intrusions: z.array(z.object({ at: z.int(), who: z.string() })).readonly(),
    latencies: z.array(z.number()).readonly().optional(),
  }),
});
export type KeptCounterexample = z.output<typeof counterexample> & { readonly file: string };

/** Every run that once broke a promise. */
export function readCounterexamples(): readonly KeptCounterexample[] {
  mkdirSync(folder, { recursive: true });
  return readdirSync(folder)
    .filter((name) => name.endsWith('.json'))
    .sort()
    .map((name) => {
      const file = join(folder, name);
      return Object.assign(counterexample.parse(JSON.parse(readFileSync(file, 'utf8'))), { file });
    });
}

/** Answers the file it is kept in. */
export function keepCounterexample(example: z.input<typeof counterexample>): string {
  mkdirSync(folder, { recursive: true });
  const text = `${JSON.stringify(counterexample.parse(example), undefined, 2)}\n`;
  const name = `${createHash('sha256').update(text).digest('hex').slice(0, 8)}.json`;
  const file = join(folder, name);
  writeFileSync(file, text);
  return file;
}
