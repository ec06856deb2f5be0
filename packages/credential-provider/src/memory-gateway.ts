import type { Clock } from '@keyturn/rotation/clock';
import type { Credential } from '@keyturn/rotation/credential';

/** One node that serves traffic. It hears late of what the management API was told, in milliseconds. */
export type MemoryNode = {
  /** Until it accepts a key that became good. */
  readonly learnsMs: number;
  /** Until it refuses a key that became bad. */
  readonly forgetsMs: number;
};

export type MemoryGateway = {
  /** What is true of the key from now on, or since ever. */
  note(key: { readonly keyId: string; readonly secret: string }, good: boolean, since?: 'ever'): void;
  /** One request on a fresh connection; it reaches the next node. */
  call(credential: Credential): boolean;
  /** What each node would say now; nobody notices. */
  acceptedBy(credential: Credential): readonly boolean[];
  /** Milliseconds since 1970. */
  lastUsedAt(keyId: string): number | undefined;
};

type Change = { readonly at: number; readonly secret: string; readonly good: boolean };

export function memoryGateway(clock: Clock, nodes: readonly MemoryNode[]): MemoryGateway {
  const changes = new Map<string, readonly Change[]>();
  const uses = new Map<string, number>();
  let calls = 0;

  const accepts = (node: MemoryNode, { keyId, secret }: Credential) => {
    const now = clock.now();
    const heard = changes
      .get(keyId.reveal())
      ?.findLast(({ at, good }) => at + (good ? node.learnsMs : node.forgetsMs) <= now);
    return heard?.good === true && heard.secret === secret.reveal();
  };

  return {
    note({ keyId, secret }, good, since) {
      const at = since === 'ever' ? -Infinity : clock.now();
      const known = changes.get(keyId) ?? [];
      if (known.at(-1)?.good !== good) changes.set(keyId, [...known, { at, secret, good }]);
    },
    call(credential) {
      const node = nodes[calls % nodes.length];
      calls += 1;
      const accepted = node !== undefined && accepts(node, credential);
      if (accepted) uses.set(credential.keyId.reveal(), clock.now());
      return accepted;
    },
    acceptedBy: (credential) => nodes.map((node) => accepts(node, credential)),
    lastUsedAt: (keyId) => uses.get(keyId),
  };
}
