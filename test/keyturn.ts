import { healthyDoctor } from '@keyturn/cli/doctor/memory-doctor';
import { runCommand } from '@keyturn/cli/run-command';
import type { IssueProvider } from '@keyturn/credential-provider/credential-provider';

import type { World } from './world.ts';

/** Runs a command line in a world: its exit code, what it prints for people, and its answer to --json. */
export function keyturn(w: World, ...words: readonly string[]) {
  return keyturnWith(w.provider, w, ...words);
}

/** With another provider than the world's. */
export async function keyturnWith(issue: IssueProvider, w: World, ...words: readonly string[]) {
  const lines: string[] = [];
  const answers: Record<string, unknown>[] = [];
  const deps = {
    ...w.cleanup,
    secrets: w.secrets,
    issue: () => issue,
    retire: () => w.provider,
    fleet: w.fleet,
    operator: 'jo',
    doctor: healthyDoctor(w.config, w.model),
  };
  const print = (text: string) => void lines.push(text);
  const json = (answer: Readonly<Record<string, unknown>>) => void answers.push(answer);
  const code = await runCommand(words, () => deps, { line: print, note: print, json });
  return { code, text: lines.join('\n'), answer: answers[0] };
}
