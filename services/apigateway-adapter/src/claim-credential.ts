import type { Credential } from '@keyturn/rotation/credential';
import { PermanentError } from '@keyturn/rotation/errors';
import type { Hidden } from '@keyturn/rotation/hidden';
import { ownership, type Mark, parseOurMark } from '@keyturn/rotation/mark';

import { markIn, markTag, type ApiKey, type ApiKeys } from './api-keys.ts';
import { findKey, readTarget } from './read-target.ts';
import { clientOf, formatTarget, isOurName, parseTarget } from './target.ts';

type Deps = { readonly api: ApiKeys };

/** Where the key of a secret belongs. undefined where AWS has no such key, or another value for it. */
export async function locateCredential(pasted: Credential, { api }: Deps): Promise<{ target: string } | undefined> {
  const key = await findAnywhere(pasted, api);
  if (key === undefined || key.value.reveal() !== pasted.secret.reveal()) return undefined;
  const [plan] = (await api.plansOf(key)).map(({ id }) => id).sort();
  if (plan === undefined) {
    throw new PermanentError('unsupported', 'The key is in no usage plan, so it opens nothing', { field: 'target' });
  }
  return { target: formatTarget({ plan, name: clientOf(key.name) }) };
}

async function findAnywhere({ keyId, secret }: Credential, api: ApiKeys): Promise<ApiKey | undefined> {
  const text = keyId.reveal();
  if (isId(text)) {
    const key = await api.get(keyId);
    if (key !== 'no-key') return key;
  }
  const named = (await api.named(text)).filter(({ name }) => name === text);
  if (isOurName(text)) return named[0];
  // Refuses a name that a person gave, where the value shows that this key is meant.
  return findKey(
    named.filter(({ value }) => value.reveal() === secret.reveal()),
    keyId,
  );
}

// What goes into a path.
const isId = (text: string): boolean => /^[A-Za-z0-9]{1,128}$/.test(text);

/** Whether AWS has the key, whatever its target. */
export async function elsewhere(keyId: Hidden, api: ApiKeys): Promise<boolean> {
  return isId(keyId.reveal()) && (await api.get(keyId)) !== 'no-key';
}

type MarkRequest = { readonly target: string; readonly keyId: Hidden; readonly mark: string };

export async function markCredential({ target, keyId, mark }: MarkRequest, { api }: Deps): Promise<void> {
  const ours: Mark = parseOurMark(mark);
  const key = findKey(await readTarget(parseTarget(target), api), keyId);
  if (key === undefined) throw notYours('The target does not have the key', 'target');
  const bears = markIn(key);
  if (bears === mark) return;
  if (bears !== undefined && ownership(bears, ours) !== 'this-secret') {
    throw notYours('The key bears the mark of somebody else', 'mark');
  }
  if ((await api.tag(key, markTag, mark)) === 'gone') throw notYours('The target does not have the key', 'target');
}

function notYours(problem: string, field: string): PermanentError {
  return new PermanentError('not-yours', problem, { field });
}
