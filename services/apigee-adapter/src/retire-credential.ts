import { parseOurMark } from '@keyturn/rotation/mark';
import type { ListedKey, RetireRequest } from '@keyturn/credential-provider/credential-provider';
import type { Clock } from '@keyturn/rotation/clock';
import { PermanentError } from '@keyturn/rotation/errors';

import { isUsable, markIn, sameKeyId, stateOf, type ApigeeKey } from './apigee-app.ts';
import type { Flavour } from './flavour.ts';
import type { KeyRef, Keys } from './keys.ts';
import { isOurs } from './our-mark.ts';
import { parseTarget } from './target.ts';

type Deps = { readonly keys: Keys; readonly flavour: Flavour; readonly clock: Clock };

export async function disableCredential(request: RetireRequest, deps: Deps): Promise<void> {
  const { ref, key, all } = await look(request, deps);
  if (key === undefined) return;
  refuseStranger(key, request);
  if (!key.approved) return;
  refuseLast(key, all, deps);
  await deps.keys.act(ref, 'revoke', key);
}

export async function enableCredential(request: RetireRequest, deps: Deps): Promise<void> {
  const { ref, key } = await look(request, deps);
  if (key === undefined) throw gone();
  refuseStranger(key, request);
  if (key.approved) return;
  if ((await deps.keys.act(ref, 'approve', key)) === 'no-key') throw gone();
}

export async function removeCredential(request: RetireRequest, deps: Deps): Promise<void> {
  const { ref, key, all } = await look(request, deps);
  if (key === undefined) return;
  refuseStranger(key, request);
  refuseLast(key, all, deps);
  await deps.keys.delete(ref);
}

export async function listCredentials(target: string, { keys, flavour, clock }: Deps): Promise<readonly ListedKey[]> {
  const parsed = parseTarget(target, flavour);
  const [app, owner] = await Promise.all([keys.app(parsed), keys.owner(parsed.owner)]);
  const targetOn = app.approved && owner.active;
  return app.keys.map((key) => ({
    keyId: key.keyId,
    state: stateOf(key, targetOn, clock.now()),
    mark: markIn(key),
    issuedAt: key.issuedAt,
  }));
}

type Seen = { readonly ref: KeyRef; readonly key: ApigeeKey | undefined; readonly all: readonly ApigeeKey[] };

// The app says everything at one moment: which keys there are, whose they are, and which of them work.
async function look({ target, keyId }: RetireRequest, { keys, flavour }: Deps): Promise<Seen> {
  const parsed = parseTarget(target, flavour);
  const { keys: all } = await keys.app(parsed);
  return { ref: { ...parsed, keyId }, key: all.find((key) => sameKeyId(key, keyId)), all };
}

function refuseStranger(key: ApigeeKey, { mark }: RetireRequest): void {
  if (isOurs(markIn(key), parseOurMark(mark))) return;
  throw new PermanentError('not-yours', 'The key does not bear the mark of this secret', { field: 'mark' });
}

function refuseLast(key: ApigeeKey, all: readonly ApigeeKey[], { clock }: Deps): void {
  const now = clock.now();
  if (!isUsable(key, now) || all.some((other) => other !== key && isUsable(other, now))) return;
  throw new PermanentError('last-key', 'No other key of the app works', { field: 'key' });
}

function gone(): PermanentError {
  return new PermanentError('not-yours', 'The app does not have the key any more', { field: 'key' });
}
