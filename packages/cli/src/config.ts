import { describeGraces, type GraceSum } from '@keyturn/config/describe-graces';
import { formatDuration } from '@keyturn/config/duration';
import { findProblems } from '@keyturn/config/find-problems';

import type { Answer, ConfigFile, LocalCommand } from './command.ts';
import { UsageError } from './console.ts';

export const config: LocalCommand = {
  name: 'config',
  summary: 'Check a configuration: all that is wrong with it, and what its graces are made of',
  usage: 'check [FILE]',
  details:
    'FILE: as KEYTURN_CONFIG says if it is left out. It asks nobody, AWS included. Exit code 1 if anything is wrong.',
  options: {},
  async runLocally({ arguments: [verb, given, ...more] }, configFile) {
    if (verb !== 'check') throw new UsageError('say what to do: config check');
    if (more.length > 0) throw new UsageError('one file at a time');
    return check(given ?? configFile.path, configFile);
  },
};

function check(file: string, { read }: ConfigFile): Answer {
  const { config: found, problems } = findProblems(textOf(file, read));
  if (found === undefined) {
    const noun = problems.length === 1 ? 'mistake' : 'mistakes';
    return {
      ok: false,
      lines: [`${file}: ${problems.length} ${noun}`, ...problems.map(({ field, message }) => `  ${field}: ${message}`)],
      answer: { file, problems },
    };
  }
  const graces = describeGraces(found);
  return {
    ok: true,
    lines: [`${file}: stage ${found.stage}, nothing wrong`, ...graces.map(line)],
    answer: { file, stage: found.stage, problems: [], graces },
  };
}

const line = ({ policy, provider, reader, graceMs, requiredMs, sum }: GraceSum): string =>
  `  policies.${policy} with ${provider}: grace ${formatDuration(graceMs)}, reader ${reader} takes ${formatDuration(requiredMs)} = ${sum}`;

function textOf(file: string, read: ConfigFile['read']): string {
  try {
    return read(file);
  } catch (cause) {
    throw new UsageError(`${file} cannot be read`, { cause });
  }
}
