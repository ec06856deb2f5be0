import type { Pair } from '@keyturn/rotation/shape';
import type { Form, Template } from '@keyturn/rotation/template';

import type { Problems } from './problem.ts';
import { headerAlone, textForm, type GivenPlaces } from './shape-places.ts';

type Given = GivenPlaces & { readonly also: readonly Pair[]; readonly group: readonly Pair[] };

/** What of a shape contradicts itself, or cannot be found in a secret. */
export function* checkShape(given: Given): Problems {
  const kinds = (['text', 'lines', 'snippets'] as const).filter((kind) => given[kind] !== undefined);
  const [kind, another] = kinds;
  if (another !== undefined) yield { field: another, message: `is another kind of shape than ${kind}` };
  if (kind === undefined) yield* jsonProblems(given);
  else yield* textProblems(kind, given);
}

function* jsonProblems(given: Given): Problems {
  for (const field of ['keyId', 'secret'] as const) {
    if (given[field] === undefined && headerAlone(given) === undefined)
      yield { field, message: 'is missing: a JSON Pointer, or give a header in derived, text, lines or snippets' };
  }
  const fields = fieldsOf(given);
  for (const [index, { field, at }] of fields.entries()) {
    const other = fields.slice(0, index).find((before) => overlap(before.at, at));
    if (other?.at === at) yield { field, message: `is the same field as ${other.field}` };
    else if (other !== undefined) yield { field, message: `overlaps with ${other.field}: one stands in the other` };
  }
}

function fieldsOf({ keyId, secret, also, derived, group }: Given): { field: string; at: string }[] {
  const pairs = (name: string, of: readonly Pair[]) =>
    of.flatMap((pair, index) => [
      { field: `${name}.${index}.keyId`, at: pair.keyId },
      // A header of another credential is both.
      ...(name === 'group' && pair.secret === pair.keyId
        ? []
        : [{ field: `${name}.${index}.secret`, at: pair.secret }]),
    ]);
  return [
    ...(keyId === undefined ? [] : [{ field: 'keyId', at: keyId }]),
    ...(secret === undefined ? [] : [{ field: 'secret', at: secret }]),
    ...pairs('also', also),
    ...Object.keys(derived).map((at) => ({ field: `derived.${at}`, at })),
    ...pairs('group', group),
  ];
}

function overlap(one: string, other: string): boolean {
  return one === other || one.startsWith(`${other}/`) || other.startsWith(`${one}/`);
}

function* textProblems(kind: 'text' | 'lines' | 'snippets', given: Given): Problems {
  for (const field of ['keyId', 'secret'] as const) {
    if (given[field] !== undefined) yield { field, message: `is for JSON; ${kind} has {${field}} in its template` };
  }
  if (given.also.length > 0) yield { field: 'also', message: `is for JSON; ${kind} may have {keyId} twice` };
  if (Object.keys(given.derived).length > 0) yield { field: 'derived', message: `is for JSON; put it into ${kind}` };
  const all = textForm(given)?.templates ?? [];
  for (const form of missingForms(all)) yield { field: kind, message: `has no {${form}}, and no {basic}` };
  for (const [index, one] of all.entries()) {
    const message = templateProblem(kind, one);
    if (message !== undefined) yield { field: kind === 'text' ? kind : `${kind}.${index}`, message };
  }
}

// A header has both.
function missingForms(all: readonly Template[]): Form[] {
  const forms = new Set(all.flatMap((one) => one.forms));
  return forms.has('basic') ? [] : (['keyId', 'secret'] as const).filter((form) => !forms.has(form));
}

function templateProblem(kind: 'text' | 'lines' | 'snippets', { source, literals }: Template): string | undefined {
  if (literals.slice(1, -1).includes('')) return 'has two placeholders with nothing between them';
  if (kind === 'lines' && /[\r\n]/.test(source)) return 'is more than one line; give snippets';
  if (kind === 'snippets' && literals[0] === '') return 'begins with a placeholder, so nothing tells where it stands';
  return undefined;
}
