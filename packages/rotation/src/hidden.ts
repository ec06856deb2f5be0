import { inspect } from 'node:util';

/** A string that prints as `[hidden]` in JSON, templates and util.inspect. Only `reveal` gives the value. */
export type Hidden = {
  reveal(): string;
  toString(): string;
  toJSON(): string;
  [inspect.custom](): string;
};

const mask = () => '[hidden]';

export function hidden(value: string): Hidden {
  return { reveal: () => value, toString: mask, toJSON: mask, [inspect.custom]: mask };
}
