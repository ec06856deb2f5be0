import * as z from 'zod';

const record = z.record(z.string(), z.unknown());

// In the place of a part that cannot be missing. Nobody is told of it.
const standIns: Readonly<Record<string, unknown>> = {
  stage: 'stage',
  providers: {},
  shapes: {},
  readers: {},
  policies: {},
  routes: { default: { mail: ['nobody@example.com'] } },
  notifications: { mail: { from: 'nobody@example.com' } },
  runbooks: 'https://example.com',
};

/**
 * A document without what stands at `path`, or, where nothing stands there, without what should hold it. `left`: what was left out, as
 * `a.b.c`. Elements of lists are not taken out, which would rename the ones behind: their list's holder is.
 */
export function without(document: unknown, path: readonly string[]): { readonly rest: unknown; readonly left: string } {
  const [top = '', ...deeper] = path;
  const whole = record.safeParse(document).data ?? {};
  const inside = deeper.length === 0 ? undefined : cut(whole[top], deeper);
  if (inside === undefined) return { rest: { ...omit(whole, top), ...pick(top) }, left: top };
  return { rest: { ...whole, [top]: inside.rest }, left: [top, ...inside.left].join('.') };
}

type Cut = { readonly rest: unknown; readonly left: readonly string[] };

function cut(value: unknown, [name = '', ...deeper]: readonly string[]): Cut | undefined {
  const holder = Array.isArray(value) ? undefined : record.safeParse(value).data;
  if (holder === undefined || !Object.hasOwn(holder, name)) return undefined;
  const inside = deeper.length === 0 ? undefined : cut(holder[name], deeper);
  if (inside === undefined) return { rest: omit(holder, name), left: [name] };
  return { rest: { ...holder, [name]: inside.rest }, left: [name, ...inside.left] };
}

const omit = (holder: Readonly<Record<string, unknown>>, name: string) =>
  Object.fromEntries(Object.entries(holder).filter(([key]) => key !== name));
const pick = (name: string) => (Object.hasOwn(standIns, name) ? { [name]: standIns[name] } : {});
