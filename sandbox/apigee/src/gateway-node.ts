import type { Organization, OwnerKind } from './organization.ts';
import type { Approval, NodeTiming, OwnerStatus, ProductStatus } from './simulator.ts';

/** A key as one node knows it now. */
export type SeenKey = {
  consumerKey: string;
  consumerSecret: string;
  app: { name: string; appId: string; owner: { kind: OwnerKind; name: string } };
  status: Approval;
  expiresAt: number | null;
  appStatus: Approval;
  ownerStatus: OwnerStatus;
  products: ReadonlyMap<string, ProductStatus>;
};
export type GatewayNode = {
  /** As for a request: a node that does not know the key remembers that. */
  key: (consumerKey: string) => SeenKey | undefined;
  /** The same, and nobody asked. */
  peek: (consumerKey: string) => SeenKey | undefined;
};

/** Ids that were unknown are kept this long at most in number; who probes with random keys must not fill the memory. */
const refusalsKept = 10_000;

/**
 * One message processor. What grants something arrives after its propagation delay; what takes something away, when its cache of the
 * earlier answer ends. Both are the longest that such a node needs, whether or not it was asked before.
 */
export function gatewayNode(org: Organization, timing: NodeTiming, now: () => number): GatewayNode {
  const { propagationMs, productPropagationMs = propagationMs, revocationMs, negativeMs } = timing;
  const refusedUntil = new Map<string, number>();
  const granting = (grants: boolean): number => (grants ? propagationMs : revocationMs);

  function seenKey(consumerKey: string): SeenKey | undefined {
    const at = now();
    const key = org.keysEver(consumerKey).findLast(({ exists }) => exists.seen(at, granting));
    if (key === undefined) {
      return undefined;
    }
    const { app } = key;
    const products = new Map<string, ProductStatus>();
    for (const [name, statuses] of key.products) {
      const status = statuses.seen(at, (value) => (value === 'approved' ? productPropagationMs : revocationMs));
      if (status !== undefined && status !== 'absent') {
        products.set(name, status);
      }
    }
    const { owner } = app;
    const approval = (status: Approval) => granting(status === 'approved');
    return {
      consumerKey,
      consumerSecret: key.consumerSecret,
      app,
      status: key.status.seen(at, approval) ?? key.status.first,
      expiresAt: key.expiresAt,
      appStatus: app.status.seen(at, approval) ?? app.status.first,
      ownerStatus: owner.status.seen(at, (status) => granting(status === 'active')) ?? owner.status.first,
      products,
    };
  }

  const isRefused = (consumerKey: string) => (refusedUntil.get(consumerKey) ?? -Infinity) > now();
  const peek = (consumerKey: string) => (isRefused(consumerKey) ? undefined : seenKey(consumerKey));

  return {
    peek,
    key(consumerKey) {
      if (isRefused(consumerKey)) {
        return undefined;
      }
      const key = seenKey(consumerKey);
      refusedUntil.delete(consumerKey);
      if (key === undefined && negativeMs > 0) {
        if (refusedUntil.size >= refusalsKept) {
          refusedUntil.clear();
        }
        refusedUntil.set(consumerKey, now() + negativeMs);
      }
      return key;
    },
  };
}
