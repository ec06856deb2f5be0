import { parseOurMark } from '@keyturn/rotation/mark';
import type { SshConfig } from '@keyturn/config/config';
import type { Capabilities, IssueProvider, RetireProvider } from '@keyturn/credential-provider/credential-provider';
import type { Clock } from '@keyturn/rotation/clock';
import type { RandomBytes } from '@keyturn/rotation/random-bytes';

import { checkKey } from './check-key.ts';
import { listed, look, refuseMissing } from './group-keys.ts';
import type { Duty } from './host-document.ts';
import { ensureKey, locateKey, markKey } from './issue-key.ts';
import { newKeyPair } from './key-pair.ts';
import type { Login } from './login.ts';
import { disableKey, enableKey, removeKey } from './retire-key.ts';
import type { Ssm } from './ssm.ts';
import { groupOf } from './target.ts';

type SshOptions = {
  readonly config: SshConfig;
  readonly ssm: Ssm;
  /** Names of the SSM documents. */
  readonly documents: Readonly<Record<Duty, string>>;
  readonly login: Login;
  readonly clock: Clock;
  readonly randomBytes: RandomBytes;
};

/** Key pairs in the authorized_keys of groups of hosts. A target is the id of a group. */
export function sshIssue(options: SshOptions): IssueProvider {
  const { config, randomBytes } = options;
  const deps = { ...options, duty: 'issue' } as const;
  return {
    describe: () => Promise.resolve(capabilities(config)),
    locate: ({ credential }) => locateKey(credential, deps),
    async propose({ target, mark }) {
      groupOf(target, config);
      parseOurMark(mark);
      return newKeyPair(mark, randomBytes);
    },
    ensure: (request) => ensureKey(request, deps),
    mark: (request) => markKey(request, deps),
    check: (request) => checkKey(request, deps),
    list: lister(deps),
  };
}

export function sshRetire(options: SshOptions): RetireProvider {
  const deps = { ...options, duty: 'retire' } as const;
  return {
    disable: (request) => disableKey(request, deps),
    enable: (request) => enableKey(request, deps),
    remove: (request) => removeKey(request, deps),
    list: lister(deps),
  };
}

// What a host that is off holds is not in the list: whoever takes the list for all there is has to wait for it.
function lister(deps: SshOptions & { readonly duty: Duty }): IssueProvider['list'] {
  return async ({ target }) => {
    const group = groupOf(target, deps.config);
    const seen = await look(group, deps);
    refuseMissing(seen, group);
    return listed(seen.hosts, deps.clock.now());
  };
}

function capabilities({ propagation, revocation }: SshConfig): Capabilities {
  return {
    clientSuppliedKey: true,
    listOwned: true,
    mark: true,
    reversibleDisable: true,
    overlap: 'multi',
    lastUsed: false,
    propagationMs: propagation,
    revocationMs: revocation,
    expiryOnCreate: false,
  };
}
