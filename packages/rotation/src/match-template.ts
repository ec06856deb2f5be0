/** A stretch of text: from `start` up to, and without, `end`. */
export type Slice = { readonly start: number; readonly end: number };

/** Where the placeholders of a template stand. `several`: it fits in more than one way, so nobody knows which one is meant. */
export type Match = readonly Slice[] | 'missing' | 'several';

/**
 * Fits a template's literals over the whole text. Looked for from the left and again from the right: where both find the same there is no other way.
 * Two passes over the text, whatever stands in it.
 */
export function matchWhole(literals: readonly string[], text: string): Match {
  const first = literals[0] ?? '';
  const last = literals.at(-1) ?? '';
  const middle = literals.slice(1, -1);
  const end = text.length - last.length;
  if (end < first.length || !text.startsWith(first) || !text.endsWith(last)) return 'missing';
  const fromLeft = fromTheLeft(middle, text, { start: first.length, end });
  if (fromLeft === undefined) return 'missing';
  const fromRight = fromTheRight(middle, text, end);
  if (fromLeft.some((at, index) => at !== fromRight[index])) return 'several';
  return slicesBetween(first.length, fromLeft, middle, end);
}

function fromTheLeft(literals: readonly string[], text: string, { start, end }: Slice): number[] | undefined {
  const found: number[] = [];
  let from = start;
  for (const literal of literals) {
    const at = text.indexOf(literal, from);
    if (at === -1 || at + literal.length > end) return undefined;
    found.push(at);
    from = at + literal.length;
  }
  return found;
}

// It fits, as was seen from the left.
function fromTheRight(literals: readonly string[], text: string, end: number): number[] {
  const found: number[] = [];
  let until = end;
  for (const literal of literals.toReversed()) {
    until = text.lastIndexOf(literal, until - literal.length);
    found.unshift(until);
  }
  return found;
}

function slicesBetween(start: number, found: readonly number[], middle: readonly string[], end: number): Slice[] {
  const starts = [start, ...found.map((at, index) => at + (middle[index]?.length ?? 0))];
  return starts.map((from, index) => ({ start: from, end: found[index] ?? end }));
}

/** The one line that the template fits, white space around it aside. */
export function matchLine(literals: readonly string[], text: string): Match {
  const [first = '', ...others] = literals;
  const unindented = [first.trimStart(), ...others];
  let found: Match = 'missing';
  for (const line of linesOf(text)) {
    if (!text.startsWith(first.trimStart(), line.start)) continue;
    const match = matchWithin(unindented, text, line);
    if (match === 'missing') continue;
    if (found !== 'missing') return 'several';
    found = match;
  }
  return found;
}

/** The one place where the template stands, anywhere. A template that ends with a placeholder goes on to the end of the line. */
export function matchAnywhere(literals: readonly string[], text: string): Match {
  const [first = '', ...others] = literals;
  const start = text.indexOf(first);
  if (start === -1) return 'missing';
  if (text.indexOf(first, start + 1) !== -1) return 'several';
  let end = start + first.length;
  for (const literal of others) {
    const at = literal === '' ? endOfLine(text, end) : text.indexOf(literal, end);
    if (at === -1) return 'missing';
    end = at + literal.length;
  }
  return matchWithin(literals, text, { start, end });
}

// Blanks at the end of a line belong to the template where it ends with them (`id = `), else to nobody.
function matchWithin(literals: readonly string[], text: string, { start, end }: Slice): Match {
  const open = literals.at(-1) === '';
  const until = open ? end : withoutBlanks(text, { start, end });
  const match = matchWhole(literals, text.slice(start, until));
  if (typeof match === 'string') return match;
  return match.map((slice, index) => {
    const place = { start: slice.start + start, end: slice.end + start };
    if (!open || index < match.length - 1) return place;
    return { start: place.start, end: withoutBlanks(text, place) };
  });
}

/** The lines of a text, each without what ends it and the blanks before it. A byte order mark is no part of the first. */
export function* linesOf(text: string): Generator<Slice> {
  for (let from = bodyStart(text); from <= text.length;) {
    const end = endOfLine(text, from);
    let start = from;
    while (start < end && isSpace(text, start)) start += 1;
    yield { start, end };
    const newline = text.indexOf('\n', end);
    from = newline === -1 ? text.length + 1 : newline + 1;
  }
}

function endOfLine(text: string, from: number): number {
  const newline = text.indexOf('\n', from);
  const end = newline === -1 ? text.length : newline;
  return end > from && text.charAt(end - 1) === '\r' ? end - 1 : end;
}

/** Where the text begins after a byte order mark, decoded or as the bytes of UTF-8. */
export function bodyStart(text: string): number {
  if (text.startsWith('\uFEFF')) return 1;
  return text.startsWith('\u00EF\u00BB\u00BF') ? 3 : 0;
}

/** The text without byte order mark, and without the white space at both ends. */
export function bodyOf(text: string): Slice {
  let start = bodyStart(text);
  const end = withoutBlanks(text, { start, end: text.length });
  while (start < end && isSpace(text, start)) start += 1;
  return { start, end };
}

function withoutBlanks(text: string, { start, end }: Slice): number {
  let until = end;
  while (until > start && isSpace(text, until - 1)) until -= 1;
  return until;
}

const isSpace = (text: string, at: number) => ' \t\r\n'.includes(text.charAt(at));
