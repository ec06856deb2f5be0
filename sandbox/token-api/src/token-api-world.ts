import { freshOf } from '@keyturn/apigee-simulator/fresh';
import type { Incoming, Reply } from '@keyturn/apigee-simulator/loopback-server';
import type { NodeTiming } from '@keyturn/apigee-simulator/simulator';

import { datadogDialect } from './datadog-dialect.ts';
import type { Dialect, World } from './dialect.ts';
import { gitlabDialect } from './gitlab-dialect.ts';
import { keysDialect } from './keys-dialect.ts';
import { oktaDialect } from './okta-dialect.ts';
import { portalDialect } from './portal-dialect.ts';
import type {
  DialectName,
  HandMadeToken,
  LoggedRequest,
  Right,
  StoredToken,
  TokenApiOptions,
  TokenFaults,
  TokenHand,
} from './simulator.ts';
import { tokenFaults } from './token-faults.ts';
import { tokenNode } from './token-node.ts';
import { longAgo, storedView, tokenStore } from './token-store.ts';

/** What becomes of a request. All its effects are there when the call returns, before the answer is awaited. */
export type Serve = (incoming: Incoming) => Promise<Reply>;

/** An API that issues tokens, without servers: nothing listens, and nothing happens but what is called. */
export type TokenApiWorld = {
  /** The management API; where the provider has both on one host, the data plane, too. */
  readonly management: Serve;
  /** Each node of the data plane by itself. */
  readonly nodes: readonly Serve[];
  /** All nodes in turn, one request each. */
  readonly gateway: Serve;
  /** Whether each node would let the secret in now; no request, and no node remembers it. */
  readonly acceptedBy: (secret: string) => readonly boolean[];
  /** A target: a project, an app. Datadog has one, which is there. */
  readonly addTarget: (name: string) => void;
  /** As a person makes one in the console; every node knows it already. */
  readonly handMade: (wish: HandMadeToken) => StoredToken;
  /** Every key that is there, oldest first. */
  readonly stored: (target: string) => readonly StoredToken[];
  readonly hand: TokenHand;
  readonly faults: TokenFaults;
  /** From now on the data plane lets everything in. */
  readonly acceptAnything: () => void;
  /** What the administrator authenticates with now, by the names of README.md. */
  readonly admin: () => Readonly<Record<string, string>>;
  /** What nobody else may see: the administrator's credential and its sessions. */
  readonly confidential: () => readonly string[];
  /** Every request to the management API, oldest first. */
  readonly requests: () => readonly LoggedRequest[];
};

const dialects: Readonly<Record<DialectName, (world: World) => Dialect>> = {
  keys: keysDialect,
  datadog: datadogDialect,
  okta: oktaDialect,
  gitlab: gitlabDialect,
  portal: portalDialect,
};
const prompt: NodeTiming = { propagationMs: 0, revocationMs: 0, negativeMs: 0 };
const requestsKept = 20_000;

/** The same options give the same world, as far as clock, newText and newId are given. */
export function tokenApiWorld(options: TokenApiOptions): TokenApiWorld {
  const { clock = Date, nodes: timings = [prompt, prompt, prompt] } = options;
  const now = () => clock.now();
  const store = tokenStore(now);
  let rights: readonly Right[] = ['read', 'write', 'delete'];
  const world: World = { store, now, fresh: freshOf(options), options, may: (right) => rights.includes(right) };
  const dialect = dialects[options.dialect](world);
  const door = { open: false };
  const nodes = timings.map((timing, number) => tokenNode(store, timing, { now, number, door }));
  const faults = tokenFaults();
  const log: LoggedRequest[] = [];
  let turn = 0;

  const serving = nodes.map((node) => async (incoming: Incoming) => dialect.use(incoming, node));
  const gateway: Serve = async (incoming) => serving[turn++ % serving.length]?.(incoming) ?? 'reset';
  return {
    nodes: serving,
    gateway,
    async management(incoming) {
      const kind = dialect.kindOf(incoming);
      if (kind === 'use') return gateway(incoming);
      const reply = faults.meet(kind, () => dialect.manage(incoming), dialect.words);
      const { method, path } = incoming;
      const status = typeof reply === 'string' ? undefined : reply.status;
      log.push({ at: now(), kind, method, path, status });
      if (log.length >= 2 * requestsKept) log.splice(0, requestsKept);
      return reply;
    },
    acceptedBy: (secret) => nodes.map((node) => node.peek(secret) !== undefined),
    addTarget: store.addTarget,
    handMade({ target, disabled = false, ...wish }) {
      if (store.target(target) === undefined) throw new Error(`There is no target ${target}`);
      return storedView(store.add({ ...dialect.newToken(target), ...wish, enabled: !disabled }, longAgo));
    },
    stored: (target) => store.of(target).map(storedView),
    hand: {
      remove: (keyId) => store.change(keyId, { gone: true }),
      disable: (keyId) => store.change(keyId, { enabled: false }),
      enable: (keyId) => store.change(keyId, { enabled: true }),
      rename: (keyId, name) => store.change(keyId, { name }),
      setScopes: (keyId, scopes) => store.change(keyId, { scopes }),
      switchOff: (target) => store.switchTarget(target, false),
      switchOn: (target) => store.switchTarget(target, true),
      restrict(to) {
        rights = to;
      },
      changeAdmin: dialect.changeAdmin,
      endSessions: () => dialect.portal?.endSessions(),
      unlock: () => dialect.portal?.unlock(),
    },
    faults,
    acceptAnything: () => {
      door.open = true;
    },
    admin: dialect.admin,
    confidential: dialect.confidential,
    requests: () => log,
  };
}
