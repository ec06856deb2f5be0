import type { Call } from './command.ts';
import { UsageError } from './console.ts';

export function secretArgument(call: Call): string {
  const [secret, ...rest] = call.arguments;
  if (secret === undefined) throw new UsageError('Which secret? Give its name or ARN.');
  if (rest.length > 0) throw new UsageError(`One secret at a time; what is ${rest[0] ?? ''}?`);
  return secret;
}

export function textOption(call: Call, name: string): string | undefined {
  const value = call.options[name];
  return typeof value === 'string' ? value : undefined;
}

export function neededOption(call: Call, name: string): string {
  const value = textOption(call, name);
  if (value === undefined) throw new UsageError(`--${name} is missing`);
  return value;
}
