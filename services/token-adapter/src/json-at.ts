import type { Condition } from '@keyturn/config/token-request';
import * as z from 'zod';

const fields = z.union([z.record(z.string(), z.unknown()), z.array(z.unknown())]);

/** What stands there (RFC 6901); the whole without a pointer. undefined: nothing. */
export function jsonAt(value: unknown, pointer: string | undefined): unknown {
  const names = (pointer ?? '').split('/').slice(1);
  return names.reduce<unknown>((holder, name) => {
    const parsed = fields.safeParse(holder);
    const key = name.replaceAll('~1', '/').replaceAll('~0', '~');
    return parsed.success && Object.hasOwn(parsed.data, key) ? Reflect.get(parsed.data, key) : undefined;
  }, value);
}

export function holds(value: unknown, { at, values }: Condition): boolean {
  const found = jsonAt(value, at);
  if (values !== undefined) return values.some((one) => one === found || (one === null && found === undefined));
  return !(found === undefined || found === null || found === false || found === '' || isEmpty(found));
}

const isEmpty = (value: unknown) => Array.isArray(value) && value.length === 0;
