import { spawn, type ChildProcess } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { text } from 'node:stream/consumers';

import type { Played } from './play-all.ts';
import type { Safeguard, Scenario } from './simulated-provider.ts';

const main = fileURLToPath(new URL('main.ts', import.meta.url));

/** Plays one scenario in a process of its own: a process can hold one deployed stage. It tells its story on standard error. */
export async function playApart({ name }: Scenario, without: Safeguard | undefined): Promise<Played> {
  const words = ['--provider', name, '--json', ...(without === undefined ? [] : ['--without', without])];
  const child = spawn(process.execPath, [main, ...words], { stdio: ['ignore', 'pipe', 'inherit'] });
  // A terminal gives Ctrl-C to both.
  const end = () => child.kill('SIGTERM');
  process.once('SIGTERM', end);
  try {
    const [printed, exitCode] = await Promise.all([text(child.stdout), exitCodeOf(child)]);
    return { exitCode, line: printed.trim().split('\n').at(-1) || undefined };
  } finally {
    process.off('SIGTERM', end);
  }
}

function exitCodeOf(child: ChildProcess): Promise<number> {
  return new Promise((resolve) => {
    // null: a signal ended it.
    child.once('exit', (code) => resolve(code ?? 1));
  });
}
