import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

import * as z from 'zod';

const main = fileURLToPath(import.meta.resolve('@keyturn/cli/main'));
const answer = z.looseObject({ ok: z.boolean() });
const refusal = z.looseObject({ reason: z.string() });

/** The command ended with another exit code than 0. */
export class Refused extends Error {
  override readonly name = 'Refused';
  /** Why, in a word; undefined where it did not say. */
  readonly reason: string | undefined;

  constructor(message: string, reason: string | undefined) {
    super(message);
    this.reason = reason;
  }
}

/** Runs the command line as a person does, in a process of its own, and gives its JSON answer. Throws what it printed when it failed. */
export async function runKeyturn(words: readonly string[], environment: Readonly<Record<string, string>>) {
  const run = promisify(execFile)(process.execPath, [main, ...words, '--json'], {
    env: { ...process.env, ...environment },
  });
  const { stdout } = await run.catch((error: unknown) => {
    const printed = z.object({ stdout: z.string(), stderr: z.string() }).safeParse(error);
    if (!printed.success) throw error;
    const said = printed.data.stdout.trim();
    throw new Refused(`keyturn ${words.join(' ')} failed: ${said}${printed.data.stderr.trim()}`, reasonIn(said));
  });
  return answer.parse(JSON.parse(stdout));
}

function reasonIn(text: string): string | undefined {
  try {
    return refusal.safeParse(JSON.parse(text)).data?.reason;
  } catch {
    return undefined;
  }
}
