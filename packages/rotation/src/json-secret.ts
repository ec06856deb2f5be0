import type { Node } from 'jsonc-parser';

import { PermanentError } from './errors.ts';
import {
  childOf,
  isIndex,
  isThereTwice,
  namesIn,
  parseDocument,
  parseHosted,
  type JsonDocument,
} from './json-document.ts';
import { insertEmpty } from './json-insert.ts';
import { isBlank, mismatch, type OpenSecret, type Place } from './place.ts';
import type { Shape } from './shape.ts';
import { only, type Template } from './template.ts';
import { refuseUndeclaredJson } from './undeclared-json.ts';

/** What was opened of a secret: the documents in it, and the strings of them that are places or were declared. */
export type OpenJson = {
  readonly documents: readonly JsonDocument[];
  readonly places: ReadonlySet<Node>;
  /** A value of the secret by its pointer, which has to be text. */
  readonly find: (pointer: string) => Node;
};

/** Opens JSON. `field` says where it was found. A secret that is nothing but a placeholder is taken for an empty object. */
export function openJson(shape: Shape, found: string, field: string): OpenSecret {
  const body = found.trim();
  const text = body !== '' && isBlank(body, shape.placeholders) ? found.replace(body, '{}') : found;
  const root = parseDocument(text);
  if (root === undefined) {
    throw new PermanentError('shape-mismatch', `The secret is not JSON, as shape ${shape.id} says`, { field });
  }
  const documents = [root];
  const places = new Set<Node>();
  const follow = follower(documents);

  const place = (pointer: string, template: Template): Place => {
    const reached = follow(root, pointer);
    if (isThereTwice(reached.document, reached.node)) throw mismatch(shape, pointer, 'is there twice');
    if (reached.rest.length > 0) return absentPlace(shape, pointer, template, reached);
    places.add(reached.node);
    return placeAt(reached, { name: pointer, template, value: valueOf(shape, pointer, reached.node) });
  };
  const find = (pointer: string): Node => {
    const { node, rest } = follow(root, pointer);
    if (rest.length > 0) throw mismatch(shape, pointer, 'is not there');
    valueOf(shape, pointer, node);
    return node;
  };
  const others = () => otherPointers(shape).map(({ pointer, template }) => place(pointer, template));

  return {
    text,
    sources: sourcesOf(shape, place),
    others,
    refuseUndeclared: (current) => refuseUndeclaredJson(shape, { documents, places, find }, current),
    complete: () =>
      [shape.keyId, shape.secret, ...otherPointers(shape).map(({ pointer }) => pointer)].reduce(
        (before, pointer) => insertEmpty(before, pointer),
        text,
      ),
  };
}

function sourcesOf({ keyId, secret, derived = [] }: Shape, place: (pointer: string, template: Template) => Place) {
  const header = derived.find(({ pointer }) => pointer === keyId);
  if (header !== undefined) return [place(keyId, header.template)] as const;
  return [place(keyId, only('keyId')), place(secret, only('secret'))] as const;
}

function otherPointers(shape: Shape): { pointer: string; template: Template }[] {
  const { also = [], derived = [] } = shape;
  const pairs = also.flatMap(({ keyId, secret }) => [
    { pointer: keyId, template: only('keyId') },
    { pointer: secret, template: only('secret') },
  ]);
  return [...pairs, ...derived.filter(({ pointer }) => pointer !== shape.keyId)];
}

type Reached = { readonly document: JsonDocument; readonly node: Node; readonly rest: readonly string[] };

// As far as a pointer leads. A string on the way is opened once, where it holds JSON.
function follower(documents: JsonDocument[]): (root: JsonDocument, pointer: string) => Reached {
  const open = (document: JsonDocument, node: Node): JsonDocument | undefined => {
    const before = documents.find(({ host }) => host?.node === node);
    if (before !== undefined || node.type !== 'string') return before;
    const hosted = parseHosted(document, node);
    if (hosted !== undefined) documents.push(hosted);
    return hosted;
  };
  return (root, pointer) => {
    const names = namesIn(pointer);
    let [document, node] = [root, root.tree];
    for (const [index, name] of names.entries()) {
      const hosted = open(document, node);
      if (hosted !== undefined) [document, node] = [hosted, hosted.tree];
      const child = childOf(node, name);
      if (child === undefined) return { document, node, rest: names.slice(index) };
      node = child;
    }
    return { document, node, rest: [] };
  };
}

// Only an object that is still empty may get new fields: in any other one it may be the pointer that is wrong, and the key stands elsewhere.
function absentPlace(shape: Shape, pointer: string, template: Template, { document, node, rest }: Reached): Place {
  const canBeMade = node.type === 'object' && node.children?.length === 0 && !rest.some((name) => isIndex(name));
  if (!canBeMade) throw mismatch(shape, pointer, 'is not there');
  return { ...placeAt({ document, node, rest }, { name: pointer, template, value: '' }), absent: true };
}

type Known = Pick<Place, 'name' | 'template' | 'value'>;

function placeAt({ document, node }: Reached, known: Known): Place {
  const offset = document.outer(node.offset);
  return {
    ...known,
    absent: false,
    offset,
    length: document.outer(node.offset + node.length) - offset,
    encode: (value) => document.encode(JSON.stringify(value)),
  };
}

// null stands for "nothing yet" as an empty string does.
function valueOf(shape: Shape, pointer: string, node: Node): string {
  const value: unknown = node.value;
  if (value === null) return '';
  if (typeof value === 'string') return value;
  throw mismatch(shape, pointer, 'is not a string');
}
