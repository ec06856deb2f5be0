import { PermanentError } from '@keyturn/rotation/errors';
import { LineCounter, parseDocument } from 'yaml';

/**
 * YAML 1.2, core schema, one document: duplicate keys, unknown tags and expanding aliases are refused. Errors say where, never what stands
 * there: people paste secrets into configuration.
 */
export function parseYaml(text: string): unknown {
  const lines = new LineCounter();
  const document = parseDocument(text, { prettyErrors: false, lineCounter: lines, schema: 'core', stringKeys: true });
  const [problem] = [...document.errors, ...document.warnings];
  if (problem !== undefined) {
    const { line, col } = lines.linePos(problem.pos[0]);
    throw unreadable(`${problem.code} in line ${line}, column ${col}`);
  }
  try {
    const value: unknown = document.toJS({ maxAliasCount: 100 });
    return value;
  } catch {
    throw unreadable('an alias of nothing, or aliases of aliases that grow too large');
  }
}

function unreadable(problem: string): PermanentError {
  return new PermanentError('misconfigured', `The configuration is not YAML as it must be: ${problem}`, {
    field: 'the file',
  });
}
