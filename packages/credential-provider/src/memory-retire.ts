import { PermanentError } from '@keyturn/rotation/errors';
import { ownership, parseMark } from '@keyturn/rotation/mark';

import type { RetireProvider, RetireRequest } from './credential-provider.ts';
import { memoryList } from './memory-list.ts';
import type { MemoryParts } from './memory-parts.ts';
import type { MemoryKey } from './memory-store.ts';

export function memoryRetire(parts: MemoryParts): RetireProvider {
  const { options, store, line } = parts;
  const enable = (keyId: string, enabled: boolean) =>
    line.write(() => store.change(keyId, (now) => ({ ...now, enabled })));
  return {
    async disable(request) {
      const key = await ownKey(request, parts);
      if (key === undefined || !key.enabled) return;
      await refuseLast(key, parts);
      await enable(key.keyId, false);
    },

    async enable(request) {
      if (options.lacks.includes('enable')) {
        throw new PermanentError('unsupported', 'A disabled key of this provider stays disabled', { field: 'enable' });
      }
      const key = await ownKey(request, parts);
      if (key === undefined) throw new PermanentError('not-yours', 'The target has no such key', { field: 'keyId' });
      if (!key.enabled) await enable(key.keyId, true);
    },

    async remove(request) {
      const key = await ownKey(request, parts);
      if (key === undefined) return;
      await refuseLast(key, parts);
      await line.write(() => store.remove(key.keyId));
    },

    list: memoryList(parts),
  };
}

/** undefined: it is gone. Where keys bear no mark, the caller's word has to do. */
async function ownKey({ target, keyId, mark }: RetireRequest, parts: MemoryParts): Promise<MemoryKey | undefined> {
  const { options, store, line } = parts;
  const ours = parseMark(mark);
  if (ours === undefined) throw new PermanentError('malformed', 'This is no mark', { field: 'mark' });
  const keys = await line.read(() => store.keysOf(target));
  const key = keys.find((key) => key.keyId === keyId.reveal());
  if (key === undefined || options.lacks.includes('mark') || ownership(key.mark, ours) === 'this-secret') return key;
  throw new PermanentError('not-yours', 'The key does not bear the mark of this secret', { field: 'mark' });
}

async function refuseLast(key: MemoryKey, { store, line }: MemoryParts): Promise<void> {
  const keys = await line.read(() => store.keysOf(key.target));
  const others = keys.filter((other) => other.keyId !== key.keyId);
  if (!store.usable(key) || others.some((other) => store.usable(other))) return;
  throw new PermanentError('last-key', 'It is the last usable key of the target', { field: 'keyId' });
}
