import { credential, type Credential } from '@keyturn/rotation/credential';

import type {
  Capabilities,
  CheckRequest,
  IssueProvider,
  KeyState,
  ProposeRequest,
  Use,
} from './credential-provider.ts';
import { entitled, likeOf, memoryEnsure, successor } from './memory-ensure.ts';
import { emptyKey, find, isForeign, refusal } from './memory-key.ts';
import { memoryList } from './memory-list.ts';
import type { MemoryParts } from './memory-parts.ts';
import { refuseMalformed, type MemoryKey } from './memory-store.ts';

export function memoryIssue(parts: MemoryParts, capabilities: Capabilities): IssueProvider {
  const { options, store, gateway, line } = parts;
  return {
    describe: async () => capabilities,

    async locate({ credential }) {
      const key = await line.read(() => store.find(credential.keyId.reveal()));
      if (key === undefined) return undefined;
      const proven = options.tellsSecret ? key.secret === credential.secret.reveal() : gateway.call(credential);
      return proven ? { target: key.target } : undefined;
    },

    propose: (request) =>
      options.mode === 'chosen' ? proposeChosen(request.target, parts) : proposeMade(request, parts),

    ensure: (request) => memoryEnsure(request, parts),

    async mark({ target, keyId, mark }) {
      if (!capabilities.mark) throw refusal('unsupported', 'Keys of this provider bear no mark', 'mark');
      const key = await find(target, keyId.reveal(), parts);
      if (key === undefined) throw refusal('not-yours', 'The target has no such key', 'keyId');
      if (isForeign(key, mark)) throw refusal('not-yours', 'The key bears a mark that is not ours', 'mark');
      if (key.mark !== mark) await line.write(() => store.change(key.keyId, (now) => ({ ...now, mark })));
    },

    async check(request) {
      const key = await find(request.target, request.credential.keyId.reveal(), parts);
      return { key: stateOf(key, request, parts), use: use(request, parts) };
    },

    list: memoryList(parts),
  };
}

async function proposeChosen(target: string, { options }: MemoryParts): Promise<Credential> {
  refuseMalformed(target);
  return credential(options.newText(), options.newText());
}

// The secret of a leftover was told to nobody who is still there. A key that went through ensure is in use, and no leftover.
async function proposeMade(request: ProposeRequest, parts: MemoryParts): Promise<Credential> {
  const { target, mark } = request;
  const { options, store, line } = parts;
  for (const lack of ['list', 'mark'] as const) {
    if (options.lacks.includes(lack)) throw refusal('unsupported', 'Nobody would find a key that got lost', lack);
  }
  const leftovers = await line.read(() => store.keysOf(target).filter((key) => key.mark === mark));
  const replaces = options.overlap === 'none';
  const like = await likeOf(request, parts, replaces ? await successor(request, parts) : undefined);
  if (leftovers.some((key) => key.ensured || (!replaces && key.approved.length + key.pending.length > 0))) {
    throw refusal('key-conflict', 'A key that bears the mark is in use', 'mark');
  }
  const fresh = emptyKey(target, credential(options.newText(), options.newText()), mark, options);
  const forget = async () => {
    for (const { keyId } of leftovers) await line.write(() => store.remove(keyId));
  };
  if (!replaces) {
    await forget();
    await line.write(() => store.create(fresh));
    return credential(fresh.keyId, fresh.secret);
  }
  // Making the key ends the leftover too, which is forgotten afterwards: at any moment one key works, and tells what the next may do.
  await line.write(() => store.create(entitled({ ...fresh, note: like.note ?? '' }, like, options.manual)));
  await forget();
  return credential(fresh.keyId, fresh.secret);
}

function stateOf(key: MemoryKey | undefined, asked: CheckRequest, { options, store, gateway }: MemoryParts): KeyState {
  if (key === undefined) return { state: 'absent' };
  const tellsUse = asked.usage === true && !options.lacks.includes('last-used');
  return {
    state: store.stateOf(key),
    secretMatches: options.tellsSecret ? key.secret === asked.credential.secret.reveal() : undefined,
    mark: key.mark,
    entitlements: [...key.approved, ...key.pending.map((name) => `${name} (pending)`)].sort(),
    issuedAt: key.issuedAt,
    lastUsedAt: tellsUse ? gateway.lastUsedAt(key.keyId) : undefined,
  };
}

function use(request: CheckRequest, { options, gateway, door, store }: MemoryParts): Use {
  const { probe, target, times } = request;
  if (probe === 'none') return { outcome: 'not-asked' };
  if (options.unprobed.includes(target)) return { outcome: 'no-probe' };
  if (door.open) return { outcome: 'accepted' };
  const used = probe === 'random' ? credential(options.newText(), options.newText()) : request.credential;
  for (let call = 0; call < times; call += 1) {
    if (!gateway.call(used)) {
      const key = store.find(used.keyId.reveal());
      const final = key !== undefined && store.stateOf(key) === 'unusable';
      return { outcome: 'rejected', code: final ? 'memory.KeyUnusable' : 'memory.InvalidKey', final };
    }
  }
  return { outcome: 'accepted' };
}
