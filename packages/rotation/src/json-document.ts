import { parseTree, type Node, type ParseError } from 'jsonc-parser';

/** JSON: the whole of a secret, or what a string in it holds. */
export type JsonDocument = {
  readonly tree: Node;
  readonly text: string;
  /** The string that holds it, and where that stands. */
  readonly host: { readonly document: JsonDocument; readonly node: Node } | undefined;
  /** Where a character of it stands in the text of the secret. */
  readonly outer: (offset: number) => number;
  /** What has to stand there instead of a piece of its text. */
  readonly encode: (text: string) => string;
};

/** undefined: not JSON as JSON.parse takes it, or nested deeper than the stack. */
export function parseDocument(text: string): JsonDocument | undefined {
  const tree = parseStrictly(text);
  return tree && { tree, text, host: undefined, outer: (offset) => offset, encode: (same) => same };
}

/** The JSON in a string of a document; undefined where the string holds something else. */
export function parseHosted(document: JsonDocument, node: Node): JsonDocument | undefined {
  const text: unknown = node.value;
  if (typeof text !== 'string') return undefined;
  const tree = parseStrictly(text);
  if (tree === undefined || tree.children === undefined) return undefined;
  const offsets = characterOffsets(document.text.slice(node.offset, node.offset + node.length));
  return {
    tree,
    text,
    host: { document, node },
    outer: (offset) => document.outer(node.offset + (offsets[offset] ?? 0)),
    encode: (inner) => document.encode(JSON.stringify(inner).slice(1, -1)),
  };
}

function parseStrictly(text: string): Node | undefined {
  const errors: ParseError[] = [];
  try {
    const tree = parseTree(text, errors, { disallowComments: true, allowTrailingComma: false });
    return errors.length === 0 ? tree : undefined;
  } catch {
    return undefined;
  }
}

// Of a literal with its quotes: where each character that it stands for begins, and where the last one ends.
function characterOffsets(literal: string): number[] {
  const offsets: number[] = [];
  for (let at = 1; at < literal.length - 1;) {
    offsets.push(at);
    if (literal[at] !== '\\') at += 1;
    else at += literal[at + 1] === 'u' ? 6 : 2;
  }
  return [...offsets, literal.length - 1];
}

export function textOf(node: Node | undefined): string | undefined {
  const value: unknown = node?.value;
  return typeof value === 'string' ? value : undefined;
}

/** The names in a JSON Pointer. */
export function namesIn(pointer: string): string[] {
  return pointer
    .split('/')
    .slice(1)
    .map((name) => name.replaceAll('~1', '/').replaceAll('~0', '~'));
}

export const isIndex = (name: string) => /^(0|[1-9]\d*)$/.test(name);

/** A number is a place in a list and a name in an object: only the document tells which. */
export function childOf(node: Node | undefined, name: string): Node | undefined {
  if (node?.type === 'array') return isIndex(name) ? node.children?.[Number(name)] : undefined;
  if (node?.type !== 'object') return undefined;
  return node.children?.find((property) => property.children?.[0]?.value === name)?.children?.[1];
}

/** JSON.parse takes the last of two equal names, this parser the first: an application would read what we do not write. */
export function isThereTwice({ host }: JsonDocument, node: Node): boolean {
  for (let at: Node | undefined = node; at !== undefined; at = at.parent) {
    const owner = at.parent;
    if (at.type !== 'property' || owner === undefined) continue;
    const name: unknown = at.children?.[0]?.value;
    const same = owner.children?.filter((property) => property.children?.[0]?.value === name) ?? [];
    if (same.length > 1) return true;
  }
  return host !== undefined && isThereTwice(host.document, host.node);
}

/** Every value and every name of a document, itself included. */
export function* nodesIn({ tree }: JsonDocument): Generator<Node> {
  const waiting = [tree];
  for (let node = waiting.pop(); node !== undefined; node = waiting.pop()) {
    yield node;
    for (const child of node.children?.toReversed() ?? []) waiting.push(child);
  }
}

/** Where a value stands; names that may be key material themselves are left out, as is what does not look like a name. */
export function pointerTo(document: JsonDocument, node: Node): string {
  const names: string[] = [];
  for (let at: Node | undefined = node; at?.parent !== undefined; at = at.parent) {
    const { parent } = at;
    if (at.type === 'property') names.unshift(shown(textOf(at.children?.[0]) ?? ''));
    else if (parent.type === 'array') names.unshift(String(parent.children?.indexOf(at) ?? 0));
  }
  const { host } = document;
  const before = host === undefined ? '' : pointerTo(host.document, host.node);
  return before + names.map((name) => `/${name}`).join('');
}

const longestName = 40;

/** A name as an error may show it; `…` where it does not look like one. */
export function shown(name: string): string {
  const letters = /[A-Za-z]\d|\d[A-Za-z]/g;
  const looksRandom = name.length >= 16 && (name.match(letters)?.length ?? 0) > 2;
  if (name.length > longestName || looksRandom || /[^\x20-\x7E]/.test(name)) return '…';
  return name.replaceAll('~', '~0').replaceAll('/', '~1');
}
