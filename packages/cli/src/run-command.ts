import { parseArgs } from 'node:util';

import { PendingError, PermanentError, TransientError } from '@keyturn/rotation/errors';

import { adopt } from './adopt.ts';
import { approve } from './approve.ts';
import type { Command, ConfigFile, Deps, LocalCommand } from './command.ts';
import { config } from './config.ts';
import { UsageError, type Console } from './console.ts';
import { doctor } from './doctor.ts';
import { notify } from './notify.ts';
import { pause, resume } from './pause.ts';
import { plan } from './plan.ts';
import { rollback } from './rollback.ts';
import { rotate } from './rotate.ts';
import { status } from './status.ts';
import { whatToDo, type Wrong } from './what-to-do.ts';

type AnyCommand = Command | LocalCommand;

const commands: readonly AnyCommand[] = [
  adopt,
  plan,
  status,
  rotate,
  rollback,
  approve,
  pause,
  resume,
  notify,
  doctor,
  config,
];

export const exitCodes = { done: 0, failed: 1, usage: 2 } as const;

const noFiles: ConfigFile = {
  path: 'config/example.yaml',
  read() {
    throw new Error('There are no files here');
  },
};

/** Runs a command line; `connect` is called only where a command really runs. Answers the exit code. */
export async function runCommand(
  words: readonly string[],
  connect: () => Deps,
  console: Console,
  configFile: ConfigFile = noFiles,
): Promise<number> {
  const [name, ...rest] = words;
  const command = commands.find((candidate) => candidate.name === name);
  const json = words.includes('--json');
  if (command === undefined) return withoutCommand(name, { console, json });
  try {
    return await runOne(command, rest, { connect, console, json, configFile });
  } catch (error) {
    return explain(error, command, { console, json });
  }
}

function withoutCommand(name: string | undefined, { console, json }: Pick<Surroundings, 'console' | 'json'>): number {
  const asked = name === undefined || name === '--help' || name === '-h' || name === 'help';
  const message = `there is no command ${name}`;
  if (json && !asked) console.json({ ok: false, reason: 'usage', field: null, message });
  else if (asked) console.line(overview());
  else console.note(`keyturn: ${message}\n\n${overview()}`);
  return asked && name !== undefined ? exitCodes.done : exitCodes.usage;
}

type Surroundings = {
  readonly connect: () => Deps;
  readonly console: Console;
  readonly json: boolean;
  readonly configFile: ConfigFile;
};

async function runOne(command: AnyCommand, words: string[], surroundings: Surroundings): Promise<number> {
  const { connect, console, json, configFile } = surroundings;
  const { values, positionals } = parseArgs({
    args: words,
    allowPositionals: true,
    options: { ...command.options, json: { type: 'boolean' }, help: { type: 'boolean', short: 'h' } },
  });
  if (values['help'] === true) {
    console.line(help(command));
    return exitCodes.done;
  }
  const call = { arguments: positionals, options: values };
  const { ok, lines, answer } = await ('runLocally' in command
    ? command.runLocally(call, configFile)
    : command.run(call, connect(), console));
  if (json) console.json({ ok, ...answer });
  else for (const line of lines) console.line(line);
  return ok ? exitCodes.done : exitCodes.failed;
}

function explain(
  error: unknown,
  command: AnyCommand,
  { console, json }: Pick<Surroundings, 'console' | 'json'>,
): number {
  if (error instanceof UsageError || isParseError(error)) {
    // Node adds how to pass an argument that begins with a dash, which no command takes.
    const message = error.message.replace(/(?<=^Unknown option '[^']*')\. .*/s, '');
    if (json) console.json({ ok: false, reason: 'usage', field: null, message });
    else console.note(`keyturn ${command.name}: ${message}\n\n${help(command)}`);
    return exitCodes.usage;
  }
  const wrong = whatIsWrong(error);
  if (!(error instanceof Error) || wrong === undefined) throw error;
  if (json) console.json({ ok: false, ...wrong, message: error.message });
  else console.note(`keyturn ${command.name}: ${error.message}\n  ${whatToDo(wrong, error.message)}`);
  return exitCodes.failed;
}

function whatIsWrong(error: unknown): Wrong | undefined {
  if (error instanceof PermanentError) return { reason: error.reason, field: error.field ?? null };
  if (error instanceof TransientError || error instanceof PendingError) return { reason: 'unavailable', field: null };
  return undefined;
}

function isParseError(error: unknown): error is Error {
  return error instanceof Error && 'code' in error && String(error.code).startsWith('ERR_PARSE_ARGS');
}

function overview(): string {
  const width = Math.max(...commands.map(({ name }) => name.length));
  return [
    'keyturn <command> [--help] [--json]',
    '',
    ...commands.map(({ name, summary }) => `  ${name.padEnd(width)}  ${summary}`),
    '',
    'KEYTURN_CONFIG names the configuration of the stage (config/example.yaml if it is not set); AWS credentials and',
    'Region come from the environment, as for the AWS CLI. Exit codes: 0 done, 1 failed or refused, 2 wrong call.',
  ].join('\n');
}

function help({ name, usage, summary, details, options }: AnyCommand): string {
  const width = Math.max(6, ...Object.keys(options).map((option) => option.length + 2));
  return [
    `keyturn ${name} ${usage}`.trimEnd(),
    '',
    `${summary}.`,
    details,
    '',
    ...Object.entries(options).map(([option, { help: text }]) => `  ${`--${option}`.padEnd(width)}  ${text}`),
    `  ${'--json'.padEnd(width)}  one JSON object instead of text`,
  ].join('\n');
}
