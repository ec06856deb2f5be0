import { copyFinder } from './credential-copies.ts';
import type { Credential } from './credential.ts';
import { pairsAmong } from './credential-names.ts';
import { isBasicHeader } from './decode-basic.ts';
import { shown } from './json-document.ts';
import { linesOf, type Slice } from './match-template.ts';
import { isBlank, mismatch, type Place } from './place.ts';
import type { Shape } from './shape.ts';
import { refuseStrangers } from './undeclared.ts';

type OpenText = { readonly text: string; readonly places: readonly Place[]; readonly field: string };

/** A line such as `NAME=value` or `name: value`, by a pointer that begins with its section. */
type Assignment = { readonly section: string; readonly name: string; readonly value: string; readonly line: Slice };

/** As for JSON: another credential by the names of its assignments, or the one that turns outside its places. */
export function refuseUndeclaredText(
  shape: Shape,
  { text, places, field }: OpenText,
  current: Credential | undefined,
): void {
  const assignments = assignmentsIn(text);
  const group = new Set((shape.group ?? []).flatMap(({ keyId, secret }) => [keyId, secret]));
  for (const pointer of group) {
    const found = assignments.find((assignment) => pointerTo(assignment) === pointer);
    if (found === undefined) throw mismatch(shape, pointer, 'is not there');
    if (found.value === current?.keyId.reveal() || found.value === current?.secret.reveal()) {
      throw mismatch(shape, pointer, 'of its group is the credential that turns');
    }
  }
  const mapped = (line: Slice) => places.some(({ offset }) => offset >= line.start && offset <= line.end);
  const unknown = assignments.filter((assignment) => !group.has(pointerTo(assignment)) && !mapped(assignment.line));
  const headers = shape.keyId === shape.secret ? unknown.filter(({ value }) => isBasicHeader(value)) : [];
  const strangers = [
    ...strangersAmong(unknown.filter(({ value }) => !isBlank(value, shape.placeholders))),
    ...headers.map((header) => ({ keyId: header, secret: header })),
  ];
  refuseStrangers(shape, strangers, ({ keyId, secret }) => ({
    keyId: shownPointer(keyId),
    secret: shownPointer(secret),
  }));
  if (current !== undefined) refuseCopies(shape, { text, places, field }, current);
}

function pointerTo({ section, name }: Assignment): string {
  return section === '' ? `/${name}` : `/${section.replaceAll('~', '~0').replaceAll('/', '~1')}/${name}`;
}

// What stands in brackets may be the value of a list instead.
function shownPointer({ section, name }: Assignment): string {
  const isName = /^[A-Za-z][\w .:/-]*$/.test(section);
  return `${section === '' ? '' : `/${isName ? shown(section) : '…'}`}/${shown(name)}`;
}

function strangersAmong(assignments: readonly Assignment[]): { keyId: Assignment; secret: Assignment }[] {
  return [...Map.groupBy(assignments, ({ section }) => section).values()].flatMap((of) =>
    pairsAmong(of.map(({ name }) => name)).flatMap(([keyId, secret]) => {
      const [one, other] = [of[keyId], of[secret]];
      return one === undefined || other === undefined ? [] : [{ keyId: one, secret: other }];
    }),
  );
}

const longestName = 100;

function assignmentsIn(text: string): Assignment[] {
  const found: Assignment[] = [];
  let section = '';
  for (const line of linesOf(text)) {
    const words = text.slice(line.start, line.end).trim();
    if (words.startsWith('[') && words.endsWith(']')) section = words.slice(1, -1).slice(0, longestName);
    else {
      const at = words.slice(0, longestName).search(/[=:]/);
      const name = words
        .slice(0, Math.max(at, 0))
        .replace(/^export /, '')
        .trim();
      if (/^[A-Za-z_][\w.-]*$/.test(name))
        found.push({ section, name, value: unquoted(words.slice(at + 1).trim()), line });
    }
  }
  return found;
}

function unquoted(value: string): string {
  const quote = value.charAt(0);
  return value.length > 1 && `"'`.includes(quote) && value.endsWith(quote) ? value.slice(1, -1) : value;
}

function refuseCopies(shape: Shape, { text, places, field }: OpenText, current: Credential): void {
  const copyIn = copyFinder(current);
  let from = 0;
  for (const { offset, length } of [
    ...places.toSorted((a, b) => a.offset - b.offset),
    { offset: text.length, length: 0 },
  ]) {
    if (copyIn(text.slice(from, offset)) !== undefined) {
      const line = text.slice(0, from).split('\n').length;
      throw mismatch(
        shape,
        field,
        `shows the credential outside its templates too, after line ${line}: add a template for that place`,
      );
    }
    from = offset + length;
  }
}
