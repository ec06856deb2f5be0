import { childOf, namesIn, parseDocument, parseHosted, type JsonDocument } from './json-document.ts';

/** The text with an empty string where the pointer leads, in objects that are made on the way. Unchanged where something is there. */
export function insertEmpty(text: string, pointer: string): string {
  const document = parseDocument(text);
  return document === undefined ? text : insertInto(document, namesIn(pointer), text);
}

function insertInto(root: JsonDocument, names: readonly string[], text: string): string {
  let document = root;
  let node = root.tree;
  for (const [index, name] of names.entries()) {
    const hosted = node.type === 'string' ? parseHosted(document, node) : undefined;
    if (hosted !== undefined) [document, node] = [hosted, hosted.tree];
    const child = childOf(node, name);
    if (child === undefined) {
      if (node.type !== 'object') return text;
      const last = node.children?.at(-1);
      const at = document.outer(last === undefined ? node.offset + 1 : last.offset + last.length);
      const member = `${last === undefined ? '' : ','}${emptyMember(names.slice(index))}`;
      return text.slice(0, at) + document.encode(member) + text.slice(at);
    }
    node = child;
  }
  return text;
}

function emptyMember(names: readonly string[]): string {
  const [name = '', ...deeper] = names;
  return `${JSON.stringify(name)}:${deeper.length === 0 ? '""' : `{${emptyMember(deeper)}}`}`;
}
