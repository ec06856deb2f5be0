import { applyEdits, parseTree, type Node, type ParseError } from 'jsonc-parser';

import { credential, sameCredential, type Credential } from './credential.ts';
import { PermanentError } from './errors.ts';
import { hidden, type Hidden } from './hidden.ts';

/** Where key id and secret stand in the secret's text: JSON Pointers (RFC 6901). */
export type Shape = { readonly id: string; readonly keyId: string; readonly secret: string };

/**
 * The credential that a secret's text holds, or undefined where both fields are empty strings (nothing was issued yet).
 * Throws PermanentError('shape-mismatch') that names the pointer, never what stands there.
 */
export function readCredential(shape: Shape, text: Hidden): Credential | undefined {
  const tree = parseJson(shape, text.reveal());
  const keyId = fieldAt(tree, shape, shape.keyId).value;
  const secret = fieldAt(tree, shape, shape.secret).value;
  if (keyId === '' && secret === '') return undefined;
  const empty = keyId === '' ? shape.keyId : shape.secret;
  if (keyId === '' || secret === '') throw mismatch(shape, empty, 'is empty while the other field is not');
  return credential(keyId, secret);
}

/** The same text with another credential in it. Every byte outside the two values is kept. */
export function writeCredential(shape: Shape, text: Hidden, next: Credential): Hidden {
  const before = text.reveal();
  const tree = parseJson(shape, before);
  const edits = [
    { field: fieldAt(tree, shape, shape.keyId), value: next.keyId },
    { field: fieldAt(tree, shape, shape.secret), value: next.secret },
  ].map(({ field, value }) => ({
    offset: field.offset,
    length: field.length,
    content: JSON.stringify(value.reveal()),
  }));
  const after = hidden(applyEdits(before, edits));
  const written = readCredential(shape, after);
  if (written === undefined || !sameCredential(written, next)) {
    throw mismatch(shape, shape.keyId, 'cannot be written: is the field there twice?');
  }
  return after;
}

type Field = { readonly value: string; readonly offset: number; readonly length: number };

function fieldAt(tree: Node, shape: Shape, pointer: string): Field {
  const node = namesIn(pointer).reduce<Node | undefined>(childOf, tree);
  const value: unknown = node?.value;
  if (node === undefined) throw mismatch(shape, pointer, 'is not there');
  if (typeof value !== 'string') throw mismatch(shape, pointer, 'is not a string');
  refuseDuplicates(node, shape, pointer);
  return { value, offset: node.offset, length: node.length };
}

// JSON.parse takes the last of two equal names, this parser the first: an application would read what we do not write.
function refuseDuplicates(node: Node, shape: Shape, pointer: string): void {
  for (let at: Node | undefined = node; at !== undefined; at = at.parent) {
    const owner = at.parent;
    if (at.type !== 'property' || owner === undefined) continue;
    const name: unknown = at.children?.[0]?.value;
    const same = owner.children?.filter((property) => property.children?.[0]?.value === name) ?? [];
    if (same.length > 1) throw mismatch(shape, pointer, 'is there twice');
  }
}

function parseJson(shape: Shape, text: string): Node {
  const tree = parseStrictly(text);
  if (tree !== undefined) return tree;
  throw new PermanentError('shape-mismatch', `The secret is not JSON, as shape ${shape.id} says`, {
    field: 'SecretString',
  });
}

function parseStrictly(text: string): Node | undefined {
  const errors: ParseError[] = [];
  try {
    const tree = parseTree(text, errors, { disallowComments: true, allowTrailingComma: false });
    return errors.length === 0 ? tree : undefined;
  } catch {
    // Nested deeper than the stack.
    return undefined;
  }
}

function namesIn(pointer: string): string[] {
  return pointer
    .split('/')
    .slice(1)
    .map((name) => name.replaceAll('~1', '/').replaceAll('~0', '~'));
}

// A number is a place in a list and a name in an object: only the document tells which.
function childOf(node: Node | undefined, name: string): Node | undefined {
  if (node?.type === 'array') return /^(0|[1-9]\d*)$/.test(name) ? node.children?.[Number(name)] : undefined;
  if (node?.type !== 'object') return undefined;
  return node.children?.find((property) => property.children?.[0]?.value === name)?.children?.[1];
}

function mismatch(shape: Shape, pointer: string, problem: string): PermanentError {
  return new PermanentError('shape-mismatch', `Shape ${shape.id}: ${pointer} ${problem}`, { field: pointer });
}
