import type { EventEnvelope } from './event-bridge.ts';
import { ServiceError, validation } from './service-error.ts';

export type TargetInput = {
  readonly Input?: string | undefined;
  readonly InputPath?: string | undefined;
  readonly InputTransformer?:
    | { readonly InputPathsMap?: Readonly<Record<string, string>> | undefined; readonly InputTemplate: string }
    | undefined;
};

/** What a target gets of an event, as text. */
export function targetInput(target: TargetInput, event: EventEnvelope, rule: { arn: string; name: string }): string {
  if (target.Input !== undefined) return target.Input;
  if (target.InputPath !== undefined) return JSON.stringify(at(event, target.InputPath) ?? null);
  const transformer = target.InputTransformer;
  if (transformer === undefined) return JSON.stringify(event);
  const paths = Object.entries(transformer.InputPathsMap ?? {});
  const values: Record<string, unknown> = Object.fromEntries(paths.map(([name, path]) => [name, at(event, path)]));
  return fill(transformer.InputTemplate, {
    ...values,
    'aws.events.rule-arn': rule.arn,
    'aws.events.rule-name': rule.name,
    'aws.events.event.ingestion-time': event.time,
    'aws.events.event': withoutDetail(event),
    'aws.events.event.json': event,
  });
}

/** AWS takes one of the three. */
export function checkTargetInput({ Input, InputPath, InputTransformer }: TargetInput): void {
  if ([Input, InputPath, InputTransformer].filter((each) => each !== undefined).length > 1) {
    throw validation('Only one of Input, InputPath, or InputTransformer must be provided for a target.');
  }
  if (Input !== undefined && !isJson(Input)) throw validation('JSON syntax error in input for target.');
  for (const path of [InputPath, ...Object.values(InputTransformer?.InputPathsMap ?? {})]) {
    if (path !== undefined) pathOf(path);
  }
}

const withoutDetail = ({ detail: _detail, ...event }: EventEnvelope) => event;

/** Values inside quotes are put in as they are, others as JSON, so that an unquoted string gets its quotes. Missing ones are empty. */
function fill(template: string, values: Readonly<Record<string, unknown>>): string {
  let quoted = false;
  return template.replaceAll(/\\.|"|<([\w.-]+)>/g, (found, name: string | undefined) => {
    if (found === '"') quoted = !quoted;
    if (name === undefined || !Object.hasOwn(values, name)) return found;
    const value = values[name];
    if (!quoted) return value === undefined ? '""' : JSON.stringify(value);
    const text = typeof value === 'string' ? value : value === undefined ? '' : JSON.stringify(value);
    return JSON.stringify(text).slice(1, -1);
  });
}

function pathOf(path: string): readonly string[] {
  if (!/^\$(?:\.[\w-]+|\[\d+\]|\['[^']+'\])*$/.test(path)) {
    throw new ServiceError('ValidationException', `Invalid JSON path ${path}: local-aws knows $.a.b[0] and $['a'].`);
  }
  return [...path.matchAll(/\.([\w-]+)|\[(\d+)\]|\['([^']+)'\]/g)].map(
    ([, name, index, quoted]) => name ?? index ?? quoted ?? '',
  );
}

function at(event: unknown, path: string): unknown {
  return pathOf(path).reduce<unknown>((value, key) => {
    if (typeof value !== 'object' || value === null) return undefined;
    const found: unknown = Object.entries(value).find(([name]) => name === key)?.[1];
    return found;
  }, event);
}

function isJson(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}
