import { isTooLong, type Content } from './content.ts';
import { credential, sameCredential, type Credential } from './credential.ts';
import { PermanentError } from './errors.ts';
import { openSecret, sealSecret } from './open-secret.ts';
import { halvesIn, isBlank, isBlankPlace, mismatch, shows, type OpenSecret, type Place } from './place.ts';
import { render, type Template } from './template.ts';

/** Where a credential stands in JSON: JSON Pointers (RFC 6901). One may lead into a string that itself holds JSON. */
export type Pair = { readonly keyId: string; readonly secret: string };

/** The templates of a text: `whole` is all of it, `lines` fit one line each, `snippets` stand anywhere. All else is left as it is. */
export type TextForm = { readonly as: 'whole' | 'lines' | 'snippets'; readonly templates: readonly Template[] };

/**
 * What a secret looks like. Without `text` it is JSON and `keyId` and `secret` are pointers; in a text they are the placeholders `{keyId}` and
 * `{secret}`, and pointers of `group` name its assignments, such as /AZURE_KEY or /section/key. Where both are the same, a ready-made header is all
 * there is to read: a field of `derived` whose template has `{basic}` and nothing else, or the placeholder `{basic}` of a text.
 */
export type Shape = Pair & {
  readonly id: string;
  readonly text?: TextForm | undefined;
  /** Fields that are made of the credential, such as a ready-made header. */
  readonly derived?: readonly { readonly pointer: string; readonly template: Template }[] | undefined;
  /** Where the same credential stands once more. */
  readonly also?: readonly Pair[] | undefined;
  /** Other credentials, which are known and left as they are. */
  readonly group?: readonly Pair[] | undefined;
  /** Values that mean "nothing yet"; `usualPlaceholders` unless given. */
  readonly placeholders?: readonly string[] | undefined;
};

/**
 * The credential where `keyId` and `secret` point to, whatever else the secret says; undefined where both are empty, null or a placeholder, or an
 * empty object is all there is: nothing was issued yet. For versions that may be older than their shape.
 * Throws PermanentError('shape-mismatch') that names the place, never what stands there. So do the functions below.
 */
export function readCredential(shape: Shape, content: Content): Credential | undefined {
  return pairOf(shape, openSecret(shape, content));
}

/** As `readCredential`, and refuses a secret whose places do not say the same: somebody changed one of them only. */
export function readAgreeing(shape: Shape, content: Content): Credential | undefined {
  return agreedBy(shape, openSecret(shape, content));
}

/**
 * As `readAgreeing`, and refuses what a rotation of this secret would leave behind or could not write: another credential, a copy of this one, a place
 * that cannot be made. Asked before anything is changed anywhere.
 */
export function vetSecret(shape: Shape, content: Content): Credential | undefined {
  const opened = openSecret(shape, content);
  const current = agreedBy(shape, opened);
  opened.refuseUndeclared(current);
  writeCredential(shape, content, trial);
  return current;
}

/** As long as real ones may be, and unlike anything that stands in a secret. */
const trial = credential(`keyturn-trial-key-${'0'.repeat(64)}`, `keyturn-trial-secret-${'0'.repeat(64)}`);

/** The same secret with another credential in all its places. Every byte outside them is kept. */
export function writeCredential(shape: Shape, content: Content, next: Credential): Content {
  readAgreeing(shape, content);
  const ready = sealSecret(shape, openSecret(shape, content).complete(next), content.binary);
  const opened = openSecret(shape, ready);
  const places = [...opened.sources, ...opened.others()];
  const edits = places.flatMap((place) => {
    const value = render(place.template, next);
    return value === place.value ? [] : [{ offset: place.offset, length: place.length, content: place.encode(value) }];
  });
  const after = sealSecret(shape, applyEdits(opened.text, edits), content.binary);
  const written = readAgreeing(shape, after);
  if (written === undefined || !sameCredential(written, next)) {
    throw mismatch(shape, shape.keyId, 'cannot be written: what is read there is not what was put there');
  }
  if (isTooLong(after)) throw tooLong(shape, content);
  return after;
}

function pairOf(shape: Shape, { sources }: OpenSecret): Credential | undefined {
  const blank = sources.filter((place) => isBlankPlace(place, shape.placeholders));
  if (blank.length === sources.length) return undefined;
  for (const { name, absent } of blank) {
    throw mismatch(shape, name, absent ? 'is not there' : 'is empty while the other field is not');
  }
  if (sources.length === 1) return pairInHeader(shape, sources[0]);
  const [keyId, secret] = sources;
  return credential(keyId.value, secret.value);
}

function pairInHeader(shape: Shape, header: Place): Credential {
  const halves = halvesIn(header);
  if (halves === undefined || halves.some((half) => isBlank(half, shape.placeholders))) {
    throw mismatch(shape, header.name, 'is not made of base64, with its padding, of a key id, a colon and a secret');
  }
  return credential(...halves);
}

function agreedBy(shape: Shape, opened: OpenSecret): Credential | undefined {
  const current = pairOf(shape, opened);
  const read = opened.sources.map(({ name }) => name).join(' and ');
  for (const place of opened.others()) {
    if (current === undefined) {
      if (!isBlankPlace(place, shape.placeholders)) {
        throw mismatch(shape, place.name, `is not empty, unlike ${read}`);
      }
    } else if (place.absent) {
      throw mismatch(shape, place.name, 'is not there');
    } else if (!shows(place, current)) {
      throw mismatch(shape, place.name, `does not agree with ${read}: only one was changed`);
    }
  }
  return current;
}

type Edit = { readonly offset: number; readonly length: number; readonly content: string };

function applyEdits(text: string, edits: readonly Edit[]): string {
  let after = '';
  let from = 0;
  for (const { offset, length, content } of edits.toSorted((a, b) => a.offset - b.offset)) {
    after += text.slice(from, offset) + content;
    from = offset + length;
  }
  return after + text.slice(from);
}

function tooLong({ id }: Shape, { binary }: Content): PermanentError {
  return new PermanentError('shape-mismatch', `Shape ${id}: with a new credential the secret would pass 65,536 bytes`, {
    field: binary === true ? 'SecretBinary' : 'SecretString',
  });
}
