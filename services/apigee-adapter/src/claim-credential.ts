import { parseOurMark } from '@keyturn/rotation/mark';
import { PermanentError } from '@keyturn/rotation/errors';
import type { Credential } from '@keyturn/rotation/credential';
import type { Hidden } from '@keyturn/rotation/hidden';

import { markIn, sameKeyId, withMark } from './apigee-app.ts';
import type { Flavour } from './flavour.ts';
import type { Keys } from './keys.ts';
import { isOurs } from './our-mark.ts';
import { formatTarget, parseTarget } from './target.ts';

type Deps = { readonly keys: Keys; readonly flavour: Flavour };

/** The app of a key that a person pasted. undefined where no app has it, or the one that has it keeps another secret for it. */
export async function locateCredential(
  pasted: Credential,
  { keys, flavour }: Deps,
): Promise<{ target: string } | undefined> {
  const app = await keys.appWith(pasted.keyId);
  const key = app?.keys.find((one) => sameKeyId(one, pasted.keyId));
  if (app === undefined || key?.secret.reveal() !== pasted.secret.reveal()) return undefined;
  const { owner } = app;
  if (owner === undefined) {
    throw new PermanentError('unsupported', 'The key belongs to an app that nobody owns', { field: 'target' });
  }
  const email = owner.kind === 'developers' && !owner.name.includes('@') ? (await keys.owner(owner)).email : undefined;
  return { target: formatTarget({ owner: { kind: owner.kind, name: email ?? owner.name }, app: app.name }, flavour) };
}

type MarkRequest = { readonly target: string; readonly keyId: Hidden; readonly mark: string };

/** Reads all attributes and writes them back with ours: Apigee drops those that it is not told. */
export async function markCredential({ target, keyId, mark }: MarkRequest, { keys, flavour }: Deps): Promise<void> {
  const ours = parseOurMark(mark);
  const ref = { ...parseTarget(target, flavour), keyId };
  const key = await keys.get(ref);
  if (key === 'no-key') throw notYours('The app does not have the key', 'target');
  const bears = markIn(key);
  if (bears === mark) return;
  if (bears !== undefined && !isOurs(bears, ours)) throw notYours('The key bears the mark of somebody else', 'mark');
  const written = await keys.update(ref, {
    products: [],
    attributes: withMark(key.attributes, mark),
    scopes: key.scopes,
  });
  if (written === 'no-key') throw notYours('The app does not have the key', 'target');
}

function notYours(problem: string, field: string): PermanentError {
  return new PermanentError('not-yours', problem, { field });
}
