import { createHash } from 'node:crypto';

import type { Credential } from '@keyturn/rotation/credential';
import { PermanentError } from '@keyturn/rotation/errors';
import { hidden, type Hidden } from '@keyturn/rotation/hidden';
import { parseMark } from '@keyturn/rotation/mark';

import { markIn, sameKeyId, type ApigeeKey, type Attribute } from './apigee-app.ts';

/**
 * That a key is about to be made, written on the app by the very call that makes it: docs/adr/0012. Until the key bears the mark, this is all that
 * tells it from a key that a person makes.
 */
export type Intent = {
  /** What the key will bear. */
  readonly mark: string;
  /** Just before, by Apigee's clock, in milliseconds since 1970. */
  readonly at: number;
  /** Of one attempt and no other. */
  readonly id: string;
  /** `shortHash` of every key that the app had before. */
  readonly before: readonly string[];
};

const attribute = 'keyturn-intent';
/** Apigee takes so many attributes of one app, and so many bytes of one of them. */
const mostAttributes = 18;
const longestValue = 2048;
/** A key of an intent is issued within this. Apigee tells the time by another machine than the one that issues; removing leftovers takes a while. */
const earliestMs = 60_000;
const latestMs = 120_000;

/** To make a key beside `keys`. `newText`: never the same twice. */
export function intentTo(make: Pick<Intent, 'mark' | 'at'>, keys: readonly ApigeeKey[], newText: () => string): Intent {
  return { ...make, id: shortHash(hidden(newText())), before: keys.map(({ keyId }) => shortHash(keyId)) };
}

/** The intents of every secret that has a key in the app. What cannot be read is none of ours. */
export function intentsIn(attributes: readonly Attribute[]): Intent[] {
  const value = attributes.find(({ name }) => name === attribute)?.value ?? '';
  return value.split(';').flatMap((text) => {
    const [mark = '', at = '', id = '', before = ''] = text.trim().split(' ');
    if (parseMark(mark) === undefined || !/^\d{1,15}$/.test(at) || !/^[0-9a-f]+$/.test(id)) return [];
    return [{ mark, at: Number(at), id, before: before.split(',') }];
  });
}

/** All that is there, with these intents in place of earlier ones. PermanentError('quota') where the app has no room for them. */
export function withIntents(attributes: readonly Attribute[], intents: readonly Intent[]): Attribute[] {
  const others = attributes.filter(({ name }) => name !== attribute);
  if (others.length >= mostAttributes) {
    throw noRoom(
      `The app has ${others.length} attributes and may have ${mostAttributes}: a key can be made when one is free`,
    );
  }
  const value = intents.map(({ mark, at, id, before }) => `${mark} ${at} ${id} ${before.join(',')}`).join('; ');
  if (Buffer.byteLength(value) > longestValue) {
    throw noRoom(
      `The app has too many keys to write down in its attribute ${attribute}: remove those that nobody uses`,
    );
  }
  return [...others, { name: attribute, value }];
}

/** The keys that may be the one which was made for this intent and did not get its mark. `inUse`: never one of them. */
export function leftoversOf(intent: Intent, keys: readonly ApigeeKey[], inUse: Credential | undefined): ApigeeKey[] {
  if (keys.some((key) => markIn(key) === intent.mark)) return [];
  const isOld = (key: ApigeeKey) => intent.before.includes(shortHash(key.keyId));
  const newest = Math.max(intent.at - earliestMs, ...keys.filter(isOld).map(({ issuedAt }) => issuedAt ?? 0));
  return keys.filter(
    (key) =>
      markIn(key) === undefined &&
      !isOld(key) &&
      !(inUse !== undefined && sameKeyId(key, inUse.keyId)) &&
      key.issuedAt !== undefined &&
      key.issuedAt >= newest &&
      key.issuedAt <= intent.at + latestMs,
  );
}

/** Enough to know a key again among those of its app, and too little to know it by. */
function shortHash(keyId: Hidden): string {
  return createHash('sha256').update(keyId.reveal()).digest('hex').slice(0, 8);
}

function noRoom(problem: string): PermanentError {
  return new PermanentError('quota', problem, { field: 'target' });
}
