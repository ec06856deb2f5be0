import { parseOurMark } from '@keyturn/rotation/mark';
import type { ProposeRequest } from '@keyturn/credential-provider/credential-provider';
import type { Clock } from '@keyturn/rotation/clock';
import { credential, type Credential } from '@keyturn/rotation/credential';
import { PermanentError, TransientError } from '@keyturn/rotation/errors';
import type { RandomBytes } from '@keyturn/rotation/random-bytes';

import { asProposed, isProposed, markIn, sameKeyId, type ApigeeApp, type ApigeeKey } from './apigee-app.ts';
import { untilKnown } from './complete-key.ts';
import type { Flavour } from './flavour.ts';
import { goalFrom, goalOf } from './issue-goal.ts';
import type { Keys, MintedApp } from './keys.ts';
import { intentsIn, intentTo, leftoversOf, withIntents, type Intent } from './mint-intent.ts';
import { isOurs } from './our-mark.ts';
import { orQuota } from './quota.ts';
import { parseTarget, type Target } from './target.ts';

type Deps = {
  readonly keys: Keys;
  readonly flavour: Flavour;
  readonly clock: Clock;
  readonly randomBytes: RandomBytes;
};

/**
 * Has Apigee make the next key, entitled like the current one, and marks it. A key that an earlier attempt for the same version made is it, if there is
 * no doubt that it is that; one for another version gets that version's mark, by which cleanup finds it. Nothing is removed here: docs/adr/0012.
 */
export async function mintCredential(request: ProposeRequest, deps: Deps): Promise<Credential> {
  const { keys, clock, flavour } = deps;
  const target = parseTarget(request.target, flavour);
  parseOurMark(request.mark);
  const app = await keys.app(target);
  const { products, scopes } = request.like === undefined ? goalFrom(request.entitlements) : goalOf(request.like, app);
  const earlier = madeEarlier(app, request);
  if (earlier !== undefined) return credentialOf(earlier);
  const now = app.readAt ?? clock.now();
  const lost = lostKey(app, request, now);
  if (lost !== undefined) await markProposed(lost.key, { target, mark: lost.mark }, deps);
  if (lost?.mark === request.mark) return credentialOf(lost.key);

  const intent = intentTo({ mark: request.mark, at: now, id: deps.randomBytes(4).toString('hex') }, app.keys);
  const attributes = withIntents(app.attributes, [...othersIntents(app, request), intent]);
  const wanted = { products, scopes, attributes, callbackUrl: app.callbackUrl };
  const made = await mintOne(target, wanted, { intent, stay: app.keys }, deps);
  await markProposed(made, { target, mark: request.mark }, deps);
  return credentialOf(made);
}

type Marking = { readonly target: Target; readonly mark: string };

async function markProposed({ keyId, attributes, scopes }: ApigeeKey, { target, mark }: Marking, deps: Deps) {
  const marked = { products: [], attributes: asProposed(attributes, mark), scopes };
  const written = await untilKnown(() => deps.keys.update({ ...target, keyId }, marked), deps.clock);
  if (written === 'no-key') throw new TransientError('The app does not have the new key yet');
}

/** The key that bears the mark already, the oldest of several. Once one went through `ensure` somebody may use it. */
function madeEarlier({ keys }: ApigeeApp, { mark, like }: ProposeRequest): ApigeeKey | undefined {
  const own = keys.filter((key) => markIn(key) === mark);
  if (own.some((key) => !isProposed(key) || isLike(key, like))) {
    throw new PermanentError('key-conflict', 'A key that bears the mark may be in use', { field: 'mark' });
  }
  return own.toSorted((a, b) => (a.issuedAt ?? 0) - (b.issuedAt ?? 0))[0];
}

/** After this the key of an intent may have been marked, retired and deleted: one that looks like it may be a person's. */
const intentCountsMs = 1_800_000;

type Lost = { readonly key: ApigeeKey; readonly mark: string };

/** The key that an earlier attempt for this secret made and died before it was marked, with the mark that it should bear. */
function lostKey({ attributes, keys }: ApigeeApp, request: ProposeRequest, now: number): Lost | undefined {
  const { target, mark, like } = request;
  const ours = parseOurMark(mark);
  const intents = intentsIn(attributes).filter((intent) => isOurs(intent.mark, ours));
  const found = intents.flatMap((intent) => leftoversOf(intent, keys, like).map((key) => ({ key, mark: intent.mark })));
  const isFresh = intents.every(({ at }) => now - at <= intentCountsMs);
  if (found.length === 0 || (found.length === 1 && isFresh)) return found[0];
  throw new PermanentError(
    'key-conflict',
    `${target} has ${found.length} new keys without a mark, one of which a rotation may have lost. Remove what nobody uses and the app's attribute keyturn-intent`,
    { field: 'target' },
  );
}

// What another secret still needs to find its own.
function othersIntents({ attributes, keys }: ApigeeApp, { mark }: ProposeRequest): Intent[] {
  const ours = parseOurMark(mark);
  return intentsIn(attributes).filter(
    (intent) => !isOurs(intent.mark, ours) && leftoversOf(intent, keys, undefined).length > 0,
  );
}

type Before = { readonly intent: Intent; readonly stay: readonly ApigeeKey[] };

/** The one key that was not there before, by the difference of key ids: their order says nothing. */
async function mintOne(
  target: Target,
  wanted: MintedApp,
  { intent, stay }: Before,
  { keys }: Deps,
): Promise<ApigeeKey> {
  const app = await mintOrLookAgain(target, wanted, intent, keys);
  const fresh = app.keys.filter(({ keyId }) => !stay.some((old) => sameKeyId(old, keyId)));
  const [made] = fresh;
  if (made === undefined) {
    throw new PermanentError(
      'provider-refused',
      'Apigee made no key. It may make none without an API product: approve one on the current key, or name one in the policy',
      { field: 'entitlements' },
    );
  }
  // The next attempt finds out which is whose, when the other one bears its mark.
  if (fresh.length > 1) throw new TransientError('Somebody else made a key of the app at the same time');
  return made;
}

function credentialOf({ keyId, secret }: ApigeeKey): Credential {
  if (secret.reveal() !== '') return credential(keyId.reveal(), secret.reveal());
  throw new PermanentError('provider-answer', 'Apigee does not tell the secret of the key', {
    field: 'consumerSecret',
  });
}

/** After a lost answer the app says whether the key was made: by the intent, which came with it. */
async function mintOrLookAgain(target: Target, wanted: MintedApp, intent: Intent, keys: Keys): Promise<ApigeeApp> {
  try {
    return await orQuota(() => keys.mint(target, wanted), target, keys);
  } catch (error) {
    const lost =
      error instanceof TransientError || (error instanceof PermanentError && error.reason === 'provider-answer');
    if (!lost) throw error;
    const app = await keys.app(target);
    const made = intentsIn(app.attributes).some(({ id }) => id === intent.id);
    if (made) return app;
    throw error;
  }
}

function isLike(key: ApigeeKey, like: Credential | undefined): boolean {
  return like !== undefined && sameKeyId(key, like.keyId);
}
