import { memoryProvider } from '@keyturn/credential-provider/memory-provider';

import type { LabProviderFactory } from './lab-provider.ts';

/** More of them than a policy asks in a row: what one learns late, no row of accepts has to show. */
const quick = { learnsMs: 0, forgetsMs: 0 };
const nodes = [
  { learnsMs: 0, forgetsMs: 60_000 },
  { learnsMs: 30_000, forgetsMs: 180_000 },
  { learnsMs: 5_000, forgetsMs: 5_000 },
  quick,
  quick,
  quick,
  quick,
  quick,
];

type Traits = { readonly marks?: boolean; readonly enables?: boolean };

/**
 * The provider in memory, of both kinds: we choose the key, or the provider does. `marks`: its keys can bear a mark. `enables`: what is switched off can be
 * switched on again; where it cannot, keys are deleted at once.
 */
export function memoryLabProvider(
  mode: 'chosen' | 'generated',
  { marks = true, enables = true }: Traits = {},
): LabProviderFactory {
  return ({ clock, reach, newText }) => {
    const targets = ['orders-app', 'other-app'] as const;
    const lacks = [...(marks ? [] : (['mark'] as const)), ...(enables ? [] : (['enable'] as const))];
    const memory = memoryProvider({ mode, clock, reach, newText, targets, nodes, lacks, maxKeys: 30 });
    const { hand } = memory;
    return {
      issue: memory,
      retire: memory,
      clientSuppliedKey: mode === 'chosen',
      marks,
      targets,
      handMade: (key) => memory.handMade({ ...key, entitlements: ['read', 'write'] }),
      stored: (target) =>
        memory.stored(target).map(({ keyId, secret, enabled, mark, issuedAt, entitlements }) => {
          return { keyId, secret, enabled, mark, issuedAt, entitlements };
        }),
      acceptedBy: (credential) => memory.acceptedBy(credential),
      hand: {
        remove: (_, keyId) => hand.remove(keyId),
        disable: (_, keyId) => hand.disable(keyId),
        enable: (_, keyId) => hand.enable(keyId),
        changeEntitlements: (target) => hand.entitle(target, 'read-more'),
        switchOff: (target) => memory.switchOff(target),
        switchOn: (target) => memory.switchOn(target),
      },
    };
  };
}
