import { formatAuthorizedLine, parseAuthorizedLine, type AuthorizedLine } from './authorized-line.ts';
import { tailOf, type Refusal } from './host-answer.ts';
import type { Operation } from './host-document.ts';

/** What authorized-keys.sh is asked, and what its prologue says. */
export type HostRequest = {
  readonly operation: Operation;
  readonly key: string;
  readonly mark: string;
  readonly options: string;
  readonly block: string;
};

type Line = {
  readonly text: string;
  readonly kind: 'text' | 'begin' | 'end' | 'had' | 'on' | 'off';
  readonly inBlock: boolean;
  readonly key: AuthorizedLine | undefined;
};

const off = '#keyturn-off ';
const had = '#keyturn-had ';

/**
 * What authorized-keys.sh makes of a file, without a shell: for places that run it a million times. host-script.conformance.ts holds both to the same.
 */
export function changeFile(
  before: string,
  request: HostRequest,
): { readonly text: string } | { readonly code: Refusal } {
  const lines = read(before, request.block);
  if (typeof lines === 'string') return { code: lines };
  const refusal = refusalOf(lines, request);
  if (refusal !== undefined) return { code: refusal };
  const after = write(lines, request);
  const text = after.map((line) => `${line}\n`).join('');
  return { text: text === '' ? before : text };
}

/** What `list` prints before it is encoded. */
export function listFile(text: string, block: string): { readonly keys: string } | { readonly code: Refusal } {
  const lines = read(text, block);
  if (typeof lines === 'string') return { code: lines };
  const flag = ({ inBlock, kind }: Line) => (inBlock ? (kind === 'on' ? 'I' : 'i') : kind === 'on' ? 'O' : 'o');
  const told = lines.flatMap((line) => {
    if (line.kind === 'had') return [`H ${line.text.slice(had.length).replace(/\r$/, '')}`];
    return line.key === undefined ? [] : [`${flag(line)} ${formatAuthorizedLine(line.key)}`];
  });
  const begins = lines.some(({ kind }) => kind === 'begin') ? ['B'] : [];
  return { keys: [...begins, ...told].map((line) => `${line}\n`).join('') };
}

export function printAnswer(
  said: { readonly code: Refusal } | { readonly keys: string; readonly host: string },
): string {
  const base64 = (text: string) => Buffer.from(text, 'latin1').toString('base64');
  const answer = 'code' in said ? said : { code: 'ok', keys: base64(said.keys), host: base64(said.host) };
  return `${JSON.stringify({ v: 1, ...answer })}\n`;
}

function read(text: string, block: string): readonly Line[] | 'hand-edited' {
  const lines: Line[] = [];
  let inBlock = false;
  for (const line of text === '' ? [] : text.replace(/\n$/, '').split('\n')) {
    const bare = line.replace(/\r$/, '');
    const mark = markerOf(bare, block);
    if (mark === 'begin' && lines.some(({ kind }) => kind === 'begin')) return 'hand-edited';
    if (mark === 'end' && !inBlock) return 'hand-edited';
    inBlock = mark === undefined ? inBlock : mark === 'begin';
    lines.push(mark === undefined ? lineOf(line, bare, inBlock) : { text: line, kind: mark, inBlock, key: undefined });
  }
  return inBlock ? 'hand-edited' : lines;
}

function markerOf(bare: string, block: string): 'begin' | 'end' | undefined {
  if (bare === `# BEGIN keyturn ${block}`) return 'begin';
  return bare === `# END keyturn ${block}` ? 'end' : undefined;
}

function lineOf(text: string, bare: string, inBlock: boolean): Line {
  if (inBlock && bare.startsWith(had)) return { text, kind: 'had', inBlock, key: undefined };
  const isOff = bare.startsWith(off);
  const key = parseAuthorizedLine(isOff ? bare.slice(off.length) : bare);
  return { text, kind: key === undefined ? 'text' : isOff ? 'off' : 'on', inBlock, key };
}

const notedIn = (lines: readonly Line[], key: string): boolean =>
  lines.some(({ text, kind }) => kind === 'had' && text.slice(had.length).replace(/\r$/, '') === tailOf(key));

function refusalOf(lines: readonly Line[], request: HostRequest): Refusal | undefined {
  const { operation, key, mark } = request;
  const found = lines.filter((line) => line.key?.publicKey === key);
  const comments = found.flatMap((line) => (line.inBlock ? [line.key?.comment ?? ''] : []));
  const owner = mark.replace(/[^/]*$/, '');
  const fits = (comment: string) => (operation === 'add' ? comment === mark : comment.startsWith(owner));
  const isForeign = comments.some((comment) => comment !== '' && !fits(comment));
  switch (operation) {
    case 'list':
      return undefined;
    case 'join':
      return found.length > 0 || notedIn(lines, key) ? 'known' : undefined;
    case 'add':
    case 'mark':
      return takingRefusal({ lines, found, comments, isForeign }, operation);
    case 'disable':
    case 'enable':
    case 'remove':
      return endingRefusal({ lines, found, comments, isForeign }, operation);
  }
}

type Looked = {
  readonly lines: readonly Line[];
  /** Those of the key. */
  readonly found: readonly Line[];
  /** Of those in the block. */
  readonly comments: readonly string[];
  readonly isForeign: boolean;
};

function takingRefusal({ found, isForeign }: Looked, operation: Operation): Refusal | undefined {
  if (operation === 'mark' && found.length === 0) return 'no-key';
  if (isForeign) return 'other-mark';
  return operation === 'add' && found.some(({ kind }) => kind === 'off') ? 'key-disabled' : undefined;
}

function endingRefusal({ lines, found, comments, isForeign }: Looked, operation: Operation): Refusal | undefined {
  if (found.length === 0) return operation === 'enable' ? 'no-key' : undefined;
  if (isForeign || comments.length === 0 || comments.includes('')) return 'other-mark';
  if (comments.length < found.length) return 'copied';
  return operation !== 'enable' && isLast(found, lines) ? 'last-key' : undefined;
}

function isLast(found: readonly Line[], lines: readonly Line[]): boolean {
  const isUsable = (line: Line) => line.kind === 'on' && line.key?.options.includes('expiry-time=') === false;
  return found.some(({ kind }) => kind === 'on') && !lines.some((line) => !found.includes(line) && isUsable(line));
}

function write(lines: readonly Line[], request: HostRequest): readonly string[] {
  const { operation, key, mark, options, block } = request;
  const isKey = (line: Line) => line.key?.publicKey === key;
  const takes = operation === 'add' || operation === 'mark';
  const adds = (operation === 'add' || operation === 'join') && !lines.some(isKey);
  const moved = takes ? lines.filter((line) => isKey(line) && !line.inBlock) : [];
  const notes = (takes || operation === 'join') && !notedIn(lines, key);
  const hads = lines.filter(({ kind }) => kind === 'had');
  const gone = new Set([...moved, ...(notes ? hads.slice(0, Math.max(0, hads.length - 39)) : [])]);
  const fill = [
    ...(adds ? [formatAuthorizedLine({ options, publicKey: key, comment: mark })] : []),
    ...moved.map((line) => changed(line, request)),
    ...(notes ? [`${had}${tailOf(key)}`] : []),
  ];
  const kept = lines.flatMap((line): readonly string[] => {
    if (line.kind === 'end') return [...fill, line.text];
    if (gone.has(line) || (operation === 'remove' && isKey(line))) return [];
    return [isKey(line) ? changed(line, request) : line.text];
  });
  const hasBlock = lines.some(({ kind }) => kind === 'begin');
  if (hasBlock || fill.length === 0) return kept;
  return [...kept, `# BEGIN keyturn ${block}`, ...fill, `# END keyturn ${block}`];
}

/** What becomes of a line of the key. */
function changed({ text, kind, key }: Line, { operation, mark, options }: HostRequest): string {
  if (key === undefined) return text;
  if (operation === 'disable' && kind === 'on') return off + formatAuthorizedLine(key);
  if (operation === 'enable' && kind === 'off') return formatAuthorizedLine(key);
  if (operation !== 'add' && operation !== 'mark') return text;
  return `${kind === 'off' ? off : ''}${formatAuthorizedLine({ ...key, ...(operation === 'add' && { options }), comment: mark })}`;
}
