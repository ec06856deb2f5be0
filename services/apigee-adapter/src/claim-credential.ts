import { PermanentError } from '@keyturn/rotation/errors';
import type { Credential } from '@keyturn/rotation/credential';
import type { Hidden } from '@keyturn/rotation/hidden';

import { markIn, sameKeyId, withMark } from './apigee-app.ts';
import type { Keys } from './manage-keys.ts';
import { isOurs, parseOurMark } from './our-mark.ts';
import { formatTarget, parseTarget } from './target.ts';

type Deps = { readonly keys: Keys };

/** The app of a key that a person pasted. undefined where no app has it, or the one that has it keeps another secret for it. */
export async function locateCredential(pasted: Credential, { keys }: Deps): Promise<{ target: string } | undefined> {
  const app = await keys.appWith(pasted.keyId);
  const key = app?.keys.find((one) => sameKeyId(one, pasted.keyId));
  if (app === undefined || key?.secret.reveal() !== pasted.secret.reveal()) return undefined;
  const { developerEmail, developerId } = app;
  if (developerEmail === undefined && developerId === undefined) {
    throw new PermanentError('unsupported', 'The key belongs to an app that no developer owns', { field: 'target' });
  }
  const developer = developerEmail ?? (await keys.developer(developerId ?? '')).email;
  return { target: formatTarget({ developer, app: app.name }) };
}

type MarkRequest = { readonly target: string; readonly keyId: Hidden; readonly mark: string };

/** Reads all attributes and writes them back with ours: Apigee drops those that it is not told. */
export async function markCredential({ target, keyId, mark }: MarkRequest, { keys }: Deps): Promise<void> {
  const ours = parseOurMark(mark);
  const ref = { ...parseTarget(target), keyId };
  const key = await keys.get(ref);
  if (key === 'no-key') throw notYours('The app does not have the key', 'target');
  const bears = markIn(key);
  if (bears === mark) return;
  if (bears !== undefined && !isOurs(bears, ours)) throw notYours('The key bears the mark of somebody else', 'mark');
  const written = await keys.update(ref, { products: [], attributes: withMark(key.attributes, mark) });
  if (written === 'no-key') throw notYours('The app does not have the key', 'target');
}

function notYours(problem: string, field: string): PermanentError {
  return new PermanentError('not-yours', problem, { field });
}
