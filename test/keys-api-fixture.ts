import type { Faults, SetUp } from '@keyturn/credential-provider/provider-fixture';
import { invokedIssueProvider, invokedRetireProvider } from '@keyturn/credential-provider/invoked-provider';
import type { Serve } from '@keyturn/credential-provider/serve-provider';
import { overJson } from '@keyturn/credential-provider/wired-provider';
import { credential } from '@keyturn/rotation/credential';

import { keysApi, type Interference, type Key } from '../examples/keys-api.ts';

export const admin = 'admin-token-canary';
type Api = Awaited<ReturnType<typeof keysApi>>;
export type Functions = { readonly issue: Serve; readonly retire: Serve };

/** The API of the examples, one for all fixtures of a file: each gets clients of its own. Its clock moves by `advance`. */
export async function exampleApi() {
  let advanced = 0;
  const clock = {
    now: () => Date.now() + advanced,
    sleep: async (ms: number) => void (advanced += ms),
  };
  const api = await keysApi({ admin, clients: [], now: clock.now });
  return { api, clock };
}

/** For the conformance suite: an adapter for that API, asked through its two functions. */
export function exampleFixture({ api, clock }: Awaited<ReturnType<typeof exampleApi>>, functions: Functions): SetUp {
  const invoke = async (name: string, payload: unknown) =>
    overJson(await functions[name === 'issue' ? 'issue' : 'retire'](overJson(payload)));
  return async () => {
    const { target, otherTarget } = clientsOf(api);
    Object.assign(api.door, { open: false, interfere: () => 'serve' });
    return {
      provider: { ...invokedIssueProvider(invoke, 'issue'), ...invokedRetireProvider(invoke, 'retire') },
      target,
      otherTarget,
      missingTarget: 'nowhere',
      malformedTargets: ['Orders', 'a b', 'a/b', 'orders\n', '%2e%2e'],
      entitlements: ['read', 'write'],
      manualEntitlement: undefined,
      maxKeys: 10,
      tellsSecret: true,
      canaries: [admin],
      handMade: async ({ target: client = target, entitlements = ['read', 'write'], mark, disabled, expired } = {}) => {
        const made = { id: crypto.randomUUID(), secret: crypto.randomUUID() };
        const given = { client, scopes: entitlements, label: mark ?? null, enabled: disabled !== true };
        api.handMade({ ...made, ...given, expiresAt: expired === true ? 1 : null });
        return credential(made.id, made.secret);
      },
      stored: async (client) => [...api.keys.values()].filter((key) => key.client === client).map(storedKey),
      advance: clock.sleep,
      close: async () => undefined,
      switchOff: async () => void api.clients.set(target, { enabled: false }),
      acceptAnything: async () => void (api.door.open = true),
      faults: faults(api),
    };
  };
}

/** Two clients that nobody else uses. */
export function clientsOf(api: Api) {
  const number = api.clients.size;
  const [target, otherTarget] = [`orders-${number}`, `billing-${number}`];
  for (const name of [target, otherTarget]) api.clients.set(name, { enabled: true });
  return { target, otherTarget };
}

const storedKey = ({ id, enabled, label, expiresAt, note, scopes }: Key) => ({
  keyId: id,
  enabled,
  mark: label ?? undefined,
  expiresAt: expiresAt ?? undefined,
  rest: { note, scopes },
});

function faults({ door }: Api): Faults {
  const nthWrite = (fate: (nth: number) => ReturnType<Interference>): Interference => {
    let writes = 0;
    return (method) => (method === 'GET' ? 'serve' : fate((writes += 1)));
  };
  const statuses = { throttled: 429, unavailable: 503, denied: 403, nonsense: 200 } as const;
  return {
    loseAnswer: (lost) => (door.interfere = nthWrite((nth) => (nth === lost ? 'lose' : 'serve'))),
    failBefore: (first) => (door.interfere = nthWrite((nth) => (nth >= first ? { status: 503 } : 'serve'))),
    always: (trouble) => (door.interfere = () => ({ status: statuses[trouble], body: '<html>' })),
    calm: () => (door.interfere = () => 'serve'),
  };
}
