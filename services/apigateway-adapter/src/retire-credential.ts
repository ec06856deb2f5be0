import type { ListedKey, RetireRequest } from '@keyturn/credential-provider/credential-provider';
import { PermanentError } from '@keyturn/rotation/errors';
import { hidden } from '@keyturn/rotation/hidden';
import { ownership, parseOurMark } from '@keyturn/rotation/mark';

import { markIn, type ApiKey, type ApiKeys, type KeySwitch, type UsagePlan } from './api-keys.ts';
import { findKey, readTarget } from './read-target.ts';
import { keyIdOf, parseTarget } from './target.ts';

type Deps = { readonly api: ApiKeys; readonly keySwitch: KeySwitch };

export async function disableCredential(request: RetireRequest, { api, keySwitch }: Deps): Promise<void> {
  const { key, all } = await look(request, api);
  if (key === undefined) return;
  refuseStranger(key, request);
  if (!key.enabled) return;
  await refuseLast(key, all, api);
  await keySwitch.setEnabled(key, false);
}

export async function enableCredential(request: RetireRequest, { api, keySwitch }: Deps): Promise<void> {
  const { key } = await look(request, api);
  if (key === undefined) throw gone();
  refuseStranger(key, request);
  if (key.enabled) return;
  if ((await keySwitch.setEnabled(key, true)) === 'gone') throw gone();
}

export async function removeCredential(request: RetireRequest, { api, keySwitch }: Deps): Promise<void> {
  const { key, all } = await look(request, api);
  if (key === undefined) return;
  refuseStranger(key, request);
  await refuseLast(key, all, api);
  await keySwitch.delete(key);
}

export async function listCredentials(target: string, { api }: Pick<Deps, 'api'>): Promise<readonly ListedKey[]> {
  const keys = await readTarget(parseTarget(target), api);
  const listed: ListedKey[] = [];
  // One after the other: API Gateway bears ten calls a second of a whole account.
  for (const key of keys) {
    const state = stateOf(key, key.enabled ? await api.plansOf(key) : []);
    listed.push({ keyId: hidden(keyIdOf(key)), state, mark: markIn(key), issuedAt: key.createdAt });
  }
  return listed;
}

/** A key that no usage plan lets into a stage opens nothing. */
export function stateOf(key: ApiKey, plans: readonly UsagePlan[]): ListedKey['state'] {
  if (!key.enabled) return 'disabled';
  return opens(plans) || key.stageKeys.length > 0 ? 'enabled' : 'unusable';
}

const opens = (plans: readonly UsagePlan[]): boolean => plans.some(({ stages }) => stages > 0);

async function look({ target, keyId }: RetireRequest, api: ApiKeys) {
  const all = await readTarget(parseTarget(target), api);
  return { key: findKey(all, keyId), all };
}

function refuseStranger(key: ApiKey, { mark }: RetireRequest): void {
  if (ownership(markIn(key), parseOurMark(mark)) === 'this-secret') return;
  throw new PermanentError('not-yours', 'The key does not bear the mark of this secret', { field: 'mark' });
}

async function refuseLast(key: ApiKey, all: readonly ApiKey[], api: ApiKeys): Promise<void> {
  const usable = async (one: ApiKey) => one.enabled && stateOf(one, await api.plansOf(one)) === 'enabled';
  if (!(await usable(key))) return;
  for (const other of all) if (other !== key && (await usable(other))) return;
  throw new PermanentError('last-key', 'No other key of the target works', { field: 'key' });
}

function gone(): PermanentError {
  return new PermanentError('not-yours', 'The target does not have the key any more', { field: 'key' });
}
