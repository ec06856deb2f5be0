import { inspect } from 'node:util';

import { credential, type Credential } from '@keyturn/rotation/credential';
import { PendingError, PermanentError, TransientError } from '@keyturn/rotation/errors';
import { formatMark, markOf } from '@keyturn/rotation/mark';
import { expect, test } from 'vitest';

import type {
  Capabilities,
  CheckRequest,
  CheckResult,
  EnsureRequest,
  KeyState,
  ProposeRequest,
  Use,
} from './credential-provider.ts';
import type { HandMade, ProviderFixture, SetUp, StoredKey } from './provider-fixture.ts';
import { redactor } from './redactor.ts';

/** What a test of the suite gets: a fixture, and what the tests say of it. */
export type Subject = ProviderFixture & {
  readonly capabilities: Capabilities;
  /** The mark of our secret's nth version. */
  readonly ours: (version?: number) => string;
  /** Marks that are not ours: another secret's, another installation's, and one that nobody can read. */
  readonly foreignMarks: readonly string[];
  /** Proposed and ensured, like `like` where it is given; bears `ours(version)`. */
  readonly issue: (wish: { version: number; like?: Credential; approve?: boolean }) => Promise<Credential>;
  /** Proposes like `like` where it is given, else as the fixture's entitlements say. */
  readonly propose: (wish?: Partial<ProposeRequest>) => Promise<Credential>;
  readonly ensureRequest: (wish: Pick<EnsureRequest, 'credential'> & Partial<EnsureRequest>) => EnsureRequest;
  /** The state of a key that exists. */
  readonly state: (
    credential: Credential,
    check?: Partial<CheckRequest>,
  ) => Promise<Exclude<KeyState, { state: 'absent' }>>;
  readonly look: (credential: Credential, check?: Partial<CheckRequest>) => Promise<CheckResult>;
  /** What so many single requests say, each of which may reach another node. */
  readonly outcomes: (credential: Credential) => Promise<readonly Use['outcome'][]>;
  /** Which keys a target holds, sorted. Without overlap only those that are enabled: what was replaced may be kept, and works no more. */
  readonly remaining: (target: string) => Promise<readonly string[]>;
  readonly storedKey: (credential: Credential) => Promise<StoredKey | undefined>;
  /** The error of a call that has to fail with one of ours, and that shows no key and no canary however it is printed. */
  readonly failure: (call: Promise<unknown>) => Promise<PermanentError | TransientError | PendingError>;
  /** Waits for a call that either succeeds or fails in a way that asks to be repeated. */
  readonly attempt: (call: Promise<unknown>) => Promise<void>;
  /** The same as `failure`, and it is permanent. */
  readonly refusal: (call: Promise<unknown>) => Promise<PermanentError>;
};

const arn = 'arn:aws:secretsmanager:eu-west-1:111122223333:secret:orders/key-AbCdEf';
const otherArn = 'arn:aws:secretsmanager:eu-west-1:111122223333:secret:billing/key-GhIjKl';
const versionId = (version: number) => `00000000-0000-4000-8000-${String(version).padStart(12, '0')}`;
const ours = (version = 1) => formatMark(markOf(arn, versionId(version), 'test'));
const foreignMarks = [
  formatMark(markOf(otherArn, versionId(1), 'test')),
  formatMark(markOf(arn, versionId(1), 'production')),
  'written by somebody else',
];
const manyRequests = 12;

/** What the suite needs of a test runner; each test gets a subject of its own. */
export type Test = {
  (name: string, body: (context: { readonly subject: Subject }) => Promise<void>): void;
  readonly describe: (name: string, body: () => void) => void;
};

/** vitest's `test` with a fresh subject for every test. */
export function conformanceTest(setUp: SetUp): Test {
  return test.extend('subject', async ({ onTestFinished }): Promise<Subject> => {
    const fixture = await setUp();
    onTestFinished(() => fixture.close());
    return subjectOf(fixture, await fixture.provider.describe());
  });
}

export function subjectOf(fixture: ProviderFixture, capabilities: Capabilities): Subject {
  const { provider, target } = fixture;
  const met: Credential[] = [];
  const meet = (found: Credential) => {
    met.push(found);
    return found;
  };
  const look = (asked: Credential, check: Partial<CheckRequest> = {}) =>
    provider.check({ target, credential: asked, probe: 'none', times: 1, ...check });
  const { propose, ensureRequest } = asking(fixture, meet);
  const failure = async (call: Promise<unknown>) => {
    const error = await call.then(
      () => expect.fail('The call should have failed'),
      (reason: unknown) => reason,
    );
    expect(leaks(error, met, fixture.canaries)).toBe(false);
    if (error instanceof PermanentError || error instanceof TransientError || error instanceof PendingError)
      return error;
    throw new Error('The call should have failed with one of our errors', { cause: error });
  };

  return {
    ...fixture,
    stored: async (of) => (await fixture.stored(of)).toSorted((a, b) => a.keyId.localeCompare(b.keyId)),
    handMade: async (key?: HandMade) => meet(await fixture.handMade(key)),
    capabilities,
    ours,
    foreignMarks,
    async issue({ version, like, approve = false }) {
      const issued = await propose({ mark: ours(version), like });
      await provider.ensure(ensureRequest({ credential: issued, like, mark: ours(version), approve }));
      return issued;
    },
    propose,
    ensureRequest,
    async state(asked, check) {
      const { key } = await look(asked, check);
      if (key.state === 'absent') throw new Error('The provider does not know the key');
      return key;
    },
    look,
    async outcomes(asked) {
      const outcomes: Use['outcome'][] = [];
      for (let request = 0; request < manyRequests; request += 1) {
        outcomes.push((await look(asked, { probe: 'credential' })).use.outcome);
      }
      return [...new Set(outcomes)];
    },
    async remaining(of) {
      const keys = await fixture.stored(of);
      const left = capabilities.overlap === 'none' ? keys.filter(({ enabled }) => enabled) : keys;
      return left.map(({ keyId }) => keyId).sort();
    },
    async storedKey(asked) {
      return (await fixture.stored(target)).find(({ keyId }) => keyId === asked.keyId.reveal());
    },
    failure,
    async attempt(call) {
      const [{ status }] = await Promise.allSettled([call]);
      if (status === 'rejected') expect(await failure(call)).toBeInstanceOf(TransientError);
    },
    async refusal(call) {
      const error = await failure(call);
      if (error instanceof PermanentError) return error;
      throw new Error('The call should have failed for good', { cause: error });
    },
  };
}

function asking(
  { provider, target, entitlements }: ProviderFixture,
  meet: (found: Credential) => Credential,
): Pick<Subject, 'propose' | 'ensureRequest'> {
  const usual = { target, like: undefined, entitlements, mark: ours() };
  return {
    propose: async (wish) => meet(await provider.propose({ ...usual, ...wish })),
    ensureRequest: (wish) => ({ ...usual, approve: false, ...wish }),
  };
}

/** The ids of the keys, sorted. */
export const idsOf = (...keys: readonly Credential[]): readonly string[] =>
  keys.map(({ keyId }) => keyId.reveal()).sort();

/** A secret of the same form that is not the right one. */
export function wrongSecret({ keyId, secret }: Credential): Credential {
  return credential(keyId.reveal(), secret.reveal().split('').toReversed().join(''));
}

function leaks(error: unknown, met: readonly Credential[], canaries: readonly string[]): boolean {
  const printed = [
    inspect(error, { depth: Infinity, showHidden: true, getters: true }),
    String(error),
    JSON.stringify(error),
    error instanceof Error ? `${error.message} ${error.stack}` : '',
  ].join('\n');
  const pairs = met.map(({ keyId, secret }) => ({ keyId: keyId.reveal(), secret: secret.reveal() }));
  const texts = [...pairs, ...canaries.map((secret) => ({ secret }))];
  return texts.some((confidential) => redactor(confidential)(printed) !== printed);
}
