import { partsOf } from '@keyturn/config/token-text';
import { PermanentError } from '@keyturn/rotation/errors';
import * as z from 'zod';

export type Value = string | number | readonly string[] | undefined;
/** What placeholders stand for, by name. */
export type Values = Readonly<Record<string, Value>>;

/** A list has spaces between its texts; what is undefined leaves nothing. */
export function fillText(text: string, values: Values, encode: (part: string, name: string) => string = same): string {
  return partsOf(text)
    .map((part, index) => (index % 2 === 0 ? part : encode(asText(valueOf(values, part)), part)))
    .join('');
}

/** No value can leave its segment: what a URL gives a meaning to is encoded, and dots by themselves, or nothing, are refused. */
export function fillPath(path: string, values: Values): string {
  return fillText(path, values, (value, name) => {
    if (value === '' || /^\.+$/.test(value) || !value.isWellFormed()) {
      const field = name.startsWith('target') ? 'target' : name;
      throw new PermanentError('misconfigured', `{${name}} cannot be part of a path`, { field });
    }
    return encodeURIComponent(value);
  });
}

/** A text that is one placeholder becomes what that stands for, a number or a list too; a field of something undefined is left out. */
export function fillJson(template: unknown, values: Values): unknown {
  if (typeof template === 'string') {
    const [before, name, after] = partsOf(template);
    return before === '' && after === '' && name !== undefined ? valueOf(values, name) : fillText(template, values);
  }
  if (Array.isArray(template)) return template.map((one) => fillJson(one, values)).filter((one) => one !== undefined);
  const holder = z.record(z.string(), z.unknown()).safeParse(template);
  if (!holder.success) return template;
  const filled = Object.entries(holder.data).map(([name, one]) => [name, fillJson(one, values)] as const);
  return Object.fromEntries(filled.filter(([, one]) => one !== undefined));
}

export function fillFields(fields: Readonly<Record<string, string>>, values: Values): Record<string, string> {
  return Object.fromEntries(Object.entries(fields).map(([name, text]) => [name, fillText(text, values)]));
}

const same = (value: string) => value;
const valueOf = (values: Values, name: string): Value => (Object.hasOwn(values, name) ? values[name] : undefined);
const asText = (value: Value): string =>
  value === undefined ? '' : typeof value === 'object' ? value.join(' ') : String(value);
