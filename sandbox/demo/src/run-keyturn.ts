import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

import * as z from 'zod';

const main = fileURLToPath(import.meta.resolve('@keyturn/cli/main'));
const answer = z.looseObject({ ok: z.boolean() });

/** The command ended with another exit code than 0. */
export class Refused extends Error {
  override readonly name = 'Refused';
}

/** Runs the command line as a person does, in a process of its own, and gives its JSON answer. Throws what it printed when it failed. */
export async function runKeyturn(words: readonly string[], environment: Readonly<Record<string, string>>) {
  const run = promisify(execFile)(process.execPath, [main, ...words, '--json'], {
    env: { ...process.env, ...environment },
  });
  const { stdout } = await run.catch((error: unknown) => {
    const printed = z.object({ stdout: z.string(), stderr: z.string() }).safeParse(error);
    if (!printed.success) throw error;
    throw new Refused(`keyturn ${words.join(' ')} failed: ${printed.data.stdout.trim()}${printed.data.stderr.trim()}`);
  });
  return answer.parse(JSON.parse(stdout));
}
