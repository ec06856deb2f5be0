import { createHash } from 'node:crypto';
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

import * as z from 'zod';

import { signsOf, type Call } from './calls.ts';
import { deliveryFaults, faultKinds, type At } from './fault.ts';
import type { Plan } from './play.ts';

const kept = fileURLToPath(new URL('../counterexamples', import.meta.url));

const at = z.union([z.int(), z.string()]);
const counterexample = z.object({
  provider: z.string(),
  /** What was broken when it was found, in words; it is mended. */
  violation: z.string(),
  plan: z.object({
    story: z.enum(['one', 'two']),
    faults: z.array(z.object({ at, kind: z.enum([...faultKinds, ...deliveryFaults]) })).readonly(),
    intrusions: z.array(z.object({ at, who: z.string() })).readonly(),
    latencies: z.array(z.number()).readonly().optional(),
    notifier: z.boolean().optional(),
    toTheEnd: z.boolean().optional(),
    leaks: z.int().optional(),
  }),
});
export type KeptCounterexample = z.output<typeof counterexample> & { readonly file: string };

/** Every run that once broke a promise. */
export function readCounterexamples(folder = kept): readonly KeptCounterexample[] {
  mkdirSync(folder, { recursive: true });
  return readdirSync(folder)
    .filter((name) => name.endsWith('.json'))
    .sort()
    .map((name) => {
      const file = join(folder, name);
      return Object.assign(counterexample.parse(JSON.parse(readFileSync(file, 'utf8'))), { file });
    });
}

/** The same plan by the signs of its calls, which outlive a change of the code. */
export function signed(plan: Plan, calls: readonly Call[]): Plan {
  const signs = signsOf(calls);
  const sign = <Item extends { readonly at: At }>(item: Item): Item => ({
    ...item,
    at: signs[Number(item.at)] ?? item.at,
  });
  return { ...plan, faults: plan.faults.map(sign), intrusions: plan.intrusions.map(sign) };
}

/** Answers the file it is kept in. */
export function keepCounterexample(example: z.input<typeof counterexample>, folder = kept): string {
  mkdirSync(folder, { recursive: true });
  const text = `${JSON.stringify(counterexample.parse(example), undefined, 2)}\n`;
  const name = `${createHash('sha256').update(text).digest('hex').slice(0, 8)}.json`;
  const file = join(folder, name);
  writeFileSync(file, text);
  return file;
}
