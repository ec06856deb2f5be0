import { randomBytes } from 'node:crypto';

import { credential, type Credential } from '@keyturn/rotation/credential';

import type { Capabilities, CredentialProvider } from './credential-provider.ts';
import { memoryLine } from './memory-line.ts';
import { memoryGateway } from './memory-gateway.ts';
import { memoryIssue } from './memory-issue.ts';
import { memoryRetire } from './memory-retire.ts';
import { memoryStore, type MemoryKey } from './memory-store.ts';
import type { MemoryParts, MemoryProviderOptions } from './memory-parts.ts';
import type { Faults, HandMade, StoredKey } from './provider-fixture.ts';

export type MemoryProvider = CredentialProvider & {
  /** A key made by hand, known to every node; entitled to all of `entitlements` unless told otherwise. */
  handMade(key: HandMade & { readonly target: string; readonly note?: string }): Credential;
  stored(
    target: string,
  ): readonly (StoredKey & Pick<MemoryKey, 'secret' | 'issuedAt'> & { readonly entitlements: readonly string[] })[];
  /** What each node says of the credential now. */
  acceptedBy(credential: Credential): readonly boolean[];
  switchOff(target: string): void;
  switchOn(target: string): void;
  /** What a person does in the provider's console, to a key of any target. */
  readonly hand: {
    remove(keyId: string): void;
    disable(keyId: string): void;
    enable(keyId: string): void;
    /** Gives every key of the target an entitlement that none had. */
    entitle(target: string, name: string): void;
  };
  /** From now on probes find everything accepted. */
  acceptAnything(): void;
  readonly faults: Faults;
};

/** A whole provider of credentials in memory: what it stores, its nodes, its troubles, and our adapter to it. */
export function memoryProvider(given: MemoryProviderOptions): MemoryProvider {
  const lacks = [...(given.lacks ?? []), ...(given.overlap === 'none' ? (['enable'] as const) : [])];
  const options = { ...defaults, ...given, lacks };
  const { clock, nodes, targets, maxKeys, newText, entitlements, overlap, replaced } = options;
  const gateway = memoryGateway(clock, nodes);
  const store = memoryStore({ clock, targets, maxKeys, overlap, replaced, gateway });
  const parts = { options, store, gateway, line: memoryLine(given.reach), door: { open: false } };

  return {
    ...memoryIssue(parts, capabilitiesOf(options)),
    ...memoryRetire(parts),
    handMade(wish) {
      const made: MemoryKey = {
        target: wish.target,
        keyId: newText(),
        secret: newText(),
        enabled: wish.disabled !== true,
        mark: lacks.includes('mark') ? undefined : wish.mark,
        note: wish.note ?? 'made by hand',
        approved: wish.entitlements ?? entitlements,
        pending: [],
        ensured: true,
        issuedAt: clock.now(),
        expiresAt: wish.expired === true ? clock.now() : undefined,
      };
      store.create(made, 'ever');
      return credential(made.keyId, made.secret);
    },
    stored: (target) =>
      store.keysOf(target).map(({ keyId, secret, enabled, mark, issuedAt, expiresAt, note, approved, pending }) => {
        const rest = { note, approved, pending };
        return { keyId, secret, enabled, mark, issuedAt, expiresAt, entitlements: approved, rest };
      }),
    acceptedBy: (credential) => gateway.acceptedBy(credential),
    switchOff: (target) => store.switchOff(target),
    switchOn: (target) => store.switchOn(target),
    hand: {
      remove: (keyId) => store.remove(keyId),
      disable: (keyId) => store.change(keyId, (key) => ({ ...key, enabled: false })),
      enable: (keyId) => store.change(keyId, (key) => ({ ...key, enabled: true })),
      entitle(target, name) {
        for (const { keyId } of store.keysOf(target)) {
          store.change(keyId, (key) => ({ ...key, approved: [...new Set([...key.approved, name])].sort() }));
        }
      },
    },
    acceptAnything: () => {
      parts.door.open = true;
    },
    faults: parts.line.faults,
  };
}

const defaults = {
  entitlements: ['read', 'write'],
  manual: ['admin'],
  maxKeys: 10,
  nodes: [
    { learnsMs: 0, forgetsMs: 60_000 },
    { learnsMs: 5_000, forgetsMs: 0 },
    { learnsMs: 30_000, forgetsMs: 180_000 },
  ],
  tellsSecret: true,
  lacks: [],
  overlap: undefined,
  replaced: undefined,
  lifetimeMs: undefined,
  unprobed: [],
  newText: () => randomBytes(24).toString('base64url'),
} satisfies Partial<MemoryProviderOptions>;

function capabilitiesOf({ mode, lacks, maxKeys, overlap, lifetimeMs, nodes }: MemoryParts['options']): Capabilities {
  return {
    clientSuppliedKey: mode === 'chosen',
    listOwned: !lacks.includes('list'),
    mark: !lacks.includes('mark'),
    reversibleDisable: !lacks.includes('enable'),
    overlap: overlap ?? (maxKeys === 2 ? 'two-slot' : 'multi'),
    lastUsed: !lacks.includes('last-used'),
    propagationMs: Math.max(...nodes.map(({ learnsMs }) => learnsMs)),
    revocationMs: Math.max(...nodes.map(({ forgetsMs }) => forgetsMs)),
    expiryOnCreate: lifetimeMs !== undefined,
  };
}
