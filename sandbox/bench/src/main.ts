import { writeFile } from 'node:fs/promises';
import { availableParallelism, cpus, loadavg } from 'node:os';
import { parseArgs } from 'node:util';

import { bundles } from './bundle.ts';
import { playCutovers } from './cutover.ts';
import { stampedes } from './stampede.ts';
import { throughput } from './throughput.ts';

const { positionals, values } = parseArgs({ allowPositionals: true, options: { json: { type: 'string' } } });
if (positionals[0] !== 'client') {
  console.error('pnpm bench client [--json FILE]');
  process.exit(2);
}

const load = () => Math.round((loadavg()[0] ?? 0) * 100) / 100;
const before = load();
const results: Record<string, readonly object[]> = {};
for (const [name, run] of Object.entries({ throughput, stampedes, bundles, cutovers: playCutovers })) {
  console.log(`\n${name}`);
  results[name] = await run();
  console.table(results[name]);
}
const machine = {
  node: process.version,
  cpu: cpus()[0]?.model ?? '',
  cores: availableParallelism(),
  loadBefore: before,
  loadAfter: load(),
};
console.log(machine);
if (values.json !== undefined) await writeFile(values.json, `${JSON.stringify({ machine, ...results }, null, 2)}\n`);
