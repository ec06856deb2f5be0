import type { HandMade, ProviderFixture, SetUp, StoredKey } from '@keyturn/credential-provider/provider-fixture';
import { credential, type Credential } from '@keyturn/rotation/credential';
import type { StoredToken } from '@keyturn/token-api-simulator/simulator';

import { readLabel } from './key-label.ts';
import { type Described, simulatedApi, type SimulatedApi } from './simulated-api.conformance.ts';

/** For tests: what the conformance suite has to know of an API, and how the API calls things. */
export type Shown = Pick<
  ProviderFixture,
  | 'target'
  | 'otherTarget'
  | 'missingTarget'
  | 'malformedTargets'
  | 'entitlements'
  | 'maxKeys'
  | 'tellsSecret'
  | 'lacks'
  | 'keysByTarget'
  | 'marksNewKeysAlone'
  | 'entitlesNewKeysAlone'
> & {
  /** The target as the API calls it, where that is another name. */
  readonly apiTargetOf?: (target: string) => string;
  /** What a person calls a key; empty where keys have no names. */
  readonly nameOf?: (target: string) => string;
  /** How Keyturn calls a key that is there. */
  readonly keyIdOf?: (token: StoredToken) => string;
  /** False: the API lists it for the record alone. */
  readonly isThere?: (token: StoredToken) => boolean;
  readonly unprobedTarget?: string;
};

/** For tests: the adapter on an API of the sandbox, over loopback HTTP, as the conformance suite wants it. */
export function tokenFixture(described: Described, shown: Shown): SetUp {
  const { unprobedTarget } = shown;
  return async () => {
    const simulated = await simulatedApi(described);
    const { api, provider, clock } = simulated;
    const { handMade, stored } = behind(simulated, shown);
    return {
      ...shown,
      provider,
      manualEntitlement: undefined,
      canaries: api.confidential(),
      handMade,
      stored,
      advance: (ms) => clock.sleep(ms),
      close: () => simulated.close(),
      ...(unprobedTarget !== undefined && {
        unprobed: async () => ({ target: unprobedTarget, credential: await handMade({ target: unprobedTarget }) }),
      }),
      acceptAnything: async () => api.acceptAnything(),
      faults: api.faults,
    };
  };
}

type Behind = Pick<ProviderFixture, 'handMade' | 'stored'>;

/** For tests: what a person does and sees there. */
export function behind({ api, clock }: SimulatedApi, shown: Shown): Behind {
  const { apiTargetOf = (target) => target, nameOf = () => 'Orders', keyIdOf = ({ keyId }) => keyId } = shown;
  return {
    async handMade({ target = shown.target, mark, ...wish }: HandMade = {}): Promise<Credential> {
      const { entitlements = shown.entitlements, disabled = false, expired = false } = wish;
      const made = api.handMade({
        target: apiTargetOf(target),
        name: `${nameOf(target)} ${mark === undefined ? '' : markedAs(mark)}`.trim(),
        disabled,
        ...(shown.entitlements.length > 0 && { scopes: entitlements }),
        ...(expired && { expiresAt: clock.now() - 1 }),
      });
      return credential(keyIdOf(made), made.secret);
    },
    async stored(target) {
      const { isThere = () => true } = shown;
      const all = api.stored(apiTargetOf(target)).filter(isThere);
      // Of an API that knows no targets, those of the name.
      const own = shown.apiTargetOf === undefined ? all : all.filter(({ name }) => name.startsWith(nameOf(target)));
      return own.map((token) => storedKey(token, keyIdOf(token)));
    },
  };
}

// A stranger's mark begins as ours do.
const markedAs = (mark: string) => (mark.startsWith('keyturn/') ? mark : `keyturn/${mark}`);

function storedKey({ enabled, name, expiresAt, scopes }: StoredToken, keyId: string): StoredKey {
  const { human, mark } = readLabel(name);
  return { keyId, enabled, mark, expiresAt, rest: { human, scopes } };
}
