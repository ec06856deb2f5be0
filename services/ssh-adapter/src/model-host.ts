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
    if (line.kind === 'had') return [`H ${line.text.slice(had.length)}`];
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
  let begins = 0;
  for (const line of text.replace(/\n$/, '').split('\n')) {
    if (text === '') break;
    const bare = line.replace(/\r$/, '');
    const of = (kind: Line['kind'], key?: AuthorizedLine) => lines.push({ text: bare, kind, inBlock, key });
    if (bare === `# BEGIN keyturn ${block}`) {
      begins += 1;
      if (begins > 1) return 'hand-edited';
      inBlock = true;
      of('begin');
    } else if (bare === `# END keyturn ${block}`) {
      if (!inBlock) return 'hand-edited';
      inBlock = false;
      of('end');
    } else if (inBlock && bare.startsWith(had)) of('had');
    else if (bare.startsWith(off)) {
      const key = parseAuthorizedLine(bare.slice(off.length));
      if (key === undefined) lines.push({ text: line, kind: 'text', inBlock, key });
      else lines.push({ text: line, kind: 'off', inBlock, key });
    } else {
      const key = parseAuthorizedLine(bare);
      lines.push({ text: line, kind: key === undefined ? 'text' : 'on', inBlock, key });
    }
  }
  return inBlock ? 'hand-edited' : lines;
}

const notedIn = (lines: readonly Line[], key: string): boolean =>
  lines.some(({ text, kind }) => kind === 'had' && text.slice(had.length) === tailOf(key));

function refusalOf(lines: readonly Line[], { operation, key, mark }: HostRequest): Refusal | undefined {
  const keys = lines.flatMap(({ kind, inBlock, key: line }) =>
    line === undefined ? [] : [{ on: kind === 'on', inBlock, ...line }],
  );
  const found = keys.filter(({ publicKey }) => publicKey === key);
  const others = keys.some(
    ({ publicKey, on, options }) => publicKey !== key && on && !options.includes('expiry-time='),
  );
  const owner = mark.replace(/[^/]*$/, '');
  const inBlock = found.filter((one) => one.inBlock);
  const foreign = inBlock.some(
    ({ comment }) => comment !== '' && (operation === 'add' ? comment !== mark : !comment.startsWith(owner)),
  );
  switch (operation) {
    case 'list':
      return undefined;
    case 'join':
      return found.length > 0 || notedIn(lines, key) ? 'known' : undefined;
    case 'add':
      if (foreign) return 'other-mark';
      return found.some(({ on }) => !on) ? 'key-disabled' : undefined;
    case 'mark':
      if (found.length === 0) return 'no-key';
      return foreign ? 'other-mark' : undefined;
    case 'disable':
    case 'enable':
    case 'remove':
      if (found.length === 0) return operation === 'enable' ? 'no-key' : undefined;
      if (foreign || inBlock.length === 0 || inBlock.some(({ comment }) => comment === '')) return 'other-mark';
      if (inBlock.length < found.length) return 'copied';
      return operation !== 'enable' && found.some(({ on }) => on) && !others ? 'last-key' : undefined;
  }
}

function write(lines: readonly Line[], { operation, key, mark, options, block }: HostRequest): readonly string[] {
  const brings = operation === 'add' || operation === 'join' || operation === 'mark';
  const isKey = (line: Line) => line.key?.publicKey === key;
  const adds = (operation === 'add' || operation === 'join') && !lines.some(isKey);
  const moved = operation === 'add' || operation === 'mark' ? lines.filter((line) => isKey(line) && !line.inBlock) : [];
  const notes = brings && !notedIn(lines, key);
  const hads = lines.filter(({ kind }) => kind === 'had');
  const dropped = new Set(notes ? hads.slice(0, Math.max(0, hads.length - 39)) : []);
  const own = (line: Line) =>
    `${line.kind === 'off' ? off : ''}${formatAuthorizedLine({ options: '', publicKey: key, ...line.key, comment: mark })}`;
  const fill = [
    ...(adds ? [formatAuthorizedLine({ options, publicKey: key, comment: mark })] : []),
    ...moved.map(own),
    ...(notes ? [`${had}${tailOf(key)}`] : []),
  ];
  const kept = lines.flatMap((line): readonly string[] => {
    if (line.kind === 'end') return [...fill, line.text];
    if (dropped.has(line)) return [];
    if (line.key === undefined || !isKey(line)) return [line.text];
    if (operation === 'remove' || moved.includes(line)) return [];
    if (operation === 'disable' && line.kind === 'on') return [off + formatAuthorizedLine(line.key)];
    if (operation === 'enable' && line.kind === 'off') return [formatAuthorizedLine(line.key)];
    return operation === 'add' || operation === 'mark' ? [own(line)] : [line.text];
  });
  const hasBlock = lines.some(({ kind }) => kind === 'begin');
  return hasBlock || fill.length === 0
    ? kept
    : [...kept, `# BEGIN keyturn ${block}`, ...fill, `# END keyturn ${block}`];
}
