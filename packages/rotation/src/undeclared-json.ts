import type { Node } from 'jsonc-parser';

import { copyFinder } from './credential-copies.ts';
import type { Credential } from './credential.ts';
import { pairsAmong } from './credential-names.ts';
import { isBasicHeader } from './decode-basic.ts';
import { childOf, namesIn, nodesIn, pointerTo, textOf, type JsonDocument } from './json-document.ts';
import type { OpenJson } from './json-secret.ts';
import { isBlank, mismatch } from './place.ts';
import type { Pair, Shape } from './shape.ts';
import { refuseCopy, refuseStrangers } from './undeclared.ts';

/** Throws where the secret holds a credential that neither the places nor the group of the shape cover, or a copy of the one that turns. */
export function refuseUndeclaredJson(shape: Shape, opened: OpenJson, current: Credential | undefined): void {
  const known = new Set(opened.places);
  for (const pointer of (shape.group ?? []).flatMap(({ keyId, secret }) => [keyId, secret])) {
    const node = opened.find(pointer);
    if (isPartOf(current, textOf(node))) throw mismatch(shape, pointer, 'of its group is the credential that turns');
    known.add(node);
  }
  // Before anything is called by its name: a key id may be one.
  if (current !== undefined) refuseCopies(shape, opened, current);
  const strangers = opened.documents.flatMap((document) => strangersIn(document, shape, known));
  refuseStrangers(shape, strangers, ({ document, keyId, secret }) => ({
    keyId: pointerTo(document, keyId),
    secret: pointerTo(document, secret),
  }));
}

function isPartOf(current: Credential | undefined, value: string | undefined): boolean {
  return current !== undefined && (value === current.keyId.reveal() || value === current.secret.reveal());
}

type Found = { readonly document: JsonDocument; readonly keyId: Node; readonly secret: Node };
type Two = { readonly keyId: Node | undefined; readonly secret: Node | undefined };

function strangersIn(document: JsonDocument, shape: Shape, known: ReadonlySet<Node>): Found[] {
  const seen = new Set(known);
  const candidatesAt = candidates(shape);
  const strangers: Found[] = [];
  for (const node of nodesIn(document)) {
    for (const { keyId, secret } of candidatesAt(node)) {
      if (keyId === undefined || secret === undefined || seen.has(keyId) || seen.has(secret)) continue;
      if (!holdsSomething(keyId, shape) || !holdsSomething(secret, shape)) continue;
      seen.add(keyId).add(secret);
      strangers.push({ document, keyId, secret });
    }
  }
  return strangers;
}

function holdsSomething(node: Node, { placeholders }: Shape): boolean {
  const text = textOf(node);
  return text !== undefined && !isBlank(text, placeholders);
}

/** What a node may hold of another credential: a pair by its names, and what is made like the one that turns. */
function candidates(shape: Shape): (node: Node) => Two[] {
  if (shape.keyId === shape.secret) {
    return (node) => (isBasicHeader(textOf(node) ?? '') ? [{ keyId: node, secret: node }] : pairsIn(node));
  }
  const alike = relativeNames(shape);
  return (node) => [{ keyId: descend(node, alike.keyId), secret: descend(node, alike.secret) }, ...pairsIn(node)];
}

/** The names by which both fields are reached from the innermost object that holds them: others with the same names are its siblings. */
function relativeNames({ keyId, secret }: Pair): { keyId: readonly string[]; secret: readonly string[] } {
  const [one, other] = [namesIn(keyId), namesIn(secret)];
  const shared = one.findIndex((name, index) => name !== other[index]);
  return { keyId: one.slice(shared), secret: other.slice(shared) };
}

function descend(node: Node, names: readonly string[]): Node | undefined {
  return names.reduce<Node | undefined>(childOf, node);
}

function pairsIn({ type, children = [] }: Node): Two[] {
  if (type !== 'object') return [];
  const names = children.map((property) => textOf(property.children?.[0]) ?? '');
  const valueAt = (index: number) => children[index]?.children?.[1];
  return pairsAmong(names).map(([keyId, secret]) => ({ keyId: valueAt(keyId), secret: valueAt(secret) }));
}

// The strings that were opened are looked through by what they hold.
function refuseCopies(shape: Shape, { documents, places }: OpenJson, current: Credential): void {
  const copyIn = copyFinder(current);
  const opened = new Set(documents.map(({ host }) => host?.node));
  for (const document of documents) {
    for (const node of nodesIn(document)) {
      const text = places.has(node) || opened.has(node) ? undefined : textOf(node);
      const copy = text === undefined ? undefined : copyIn(text);
      if (copy !== undefined) refuseCopy(shape, placeOf(document, node), copy);
    }
  }
}

function placeOf(document: JsonDocument, node: Node): string {
  const property = node.parent;
  const isName = property?.type === 'property' && property.children?.[0] === node;
  return isName && property.parent !== undefined
    ? `${pointerTo(document, property.parent)}/…`
    : pointerTo(document, node);
}
