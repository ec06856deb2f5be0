import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

import * as z from 'zod';

const main = fileURLToPath(import.meta.resolve('@keyturn/cli/main'));
const answer = z.looseObject({ ok: z.boolean() });

/** Runs the command line as a person does, in a process of its own, and gives its JSON answer. Throws what it printed when it failed. */
export async function runKeyturn(words: readonly string[], environment: Readonly<Record<string, string>>) {
  const run = promisify(execFile)(process.execPath, [main, ...words, '--json'], {
    env: { ...process.env, ...environment },
  });
  const { stdout } = await run.catch((error: unknown) => {
    const printed = z.object({ stdout: z.string(), stderr: z.string() }).safeParse(error);
    throw new Error(`keyturn ${words.join(' ')} failed: ${printed.data?.stdout ?? ''}${printed.data?.stderr ?? ''}`);
  });
  return answer.parse(JSON.parse(stdout));
}
