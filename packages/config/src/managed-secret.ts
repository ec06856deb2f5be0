import type { SecretDescription } from '@keyturn/aws/secret-store';
import { PermanentError, type Reason } from '@keyturn/rotation/errors';
import { requiredGrace, type Reader } from '@keyturn/rotation/grace';
import type { Shape } from '@keyturn/rotation/shape';

import type { Config, PolicyConfig, ProviderConfig } from './config.ts';
import { entry } from './entry.ts';
import { leastHoldOff } from './hold-off.ts';
import { namedSecrets } from './named-secrets.ts';
import { acknowledgingReaders, readersOf, type AcknowledgingReader } from './readers-of.ts';
import { routeOf, type Route } from './route.ts';
import { isTagValue } from './tag-value.ts';
import { timingOf, type Timing } from './timing.ts';

/** A secret that Keyturn rotates, with everything that its tags pick from the configuration. */
export type ManagedSecret = {
  readonly arn: string;
  readonly name: string;
  /** The stage. */
  readonly environment: string;
  readonly provider: { readonly id: string; readonly config: ProviderConfig };
  readonly policy: Policy;
  readonly shape: Shape;
  readonly owner: string;
  readonly route: Route;
  /** Where the credential belongs, in the provider's own form. Untrusted: it picks ids. */
  readonly target: string;
  readonly timing: Timing;
  /** The page that tells people what to do about `reason`, or the page of pages. */
  readonly runbookUrl: (reason?: Reason) => string;
};

export type Policy = Omit<PolicyConfig, Reworked> & {
  readonly id: string;
  readonly graceMs: number;
  readonly soakMs: number;
  /** The policy's own, or the time the provider needs. */
  readonly holdOffMs: number;
  /** `approve`: a person has to let go what is switched off, before it is deleted. */
  readonly deletion: 'auto' | 'approve';
  /** The old key is kept while it was used within this time; undefined: nobody asks. */
  readonly unusedForMs: number | undefined;
  readonly maxGraceMs: number;
  readonly propagationBudgetMs: number;
  /** What a check has to ask the data plane for. */
  readonly probe: 'credential' | 'none';
  readonly readers: readonly Reader[];
  /** Those of them that tell which version they use. */
  readonly acknowledging: readonly AcknowledgingReader[];
  /** Length of the rotation window as Secrets Manager writes it, such as 3h. */
  readonly window: string | undefined;
};

type Reworked =
  | 'grace'
  | 'soak'
  | 'holdOff'
  | 'deletion'
  | 'unusedFor'
  | 'maxGrace'
  | 'propagationBudget'
  | 'readers'
  | 'window';

export const tagNames = {
  provider: 'keyturn:provider',
  policy: 'keyturn:policy',
  shape: 'keyturn:shape',
  owner: 'keyturn:owner',
  target: 'keyturn:target',
} as const;

/** Throws PermanentError('misconfigured') whose `field` is the tag to mend, such as `tag keyturn:provider`, or what else stands against it. */
export function managedSecret(description: SecretDescription, config: Config): ManagedSecret {
  refuseReplica(description);
  refuseMaster(description, config);
  const tag = (name: string) => tagValue(description, name);
  const provider = picked(config.providers, tag(tagNames.provider), tagNames.provider, 'provider');
  const policy = picked(config.policies, tag(tagNames.policy), tagNames.policy, 'policy');
  const shape = picked(config.shapes, tag(tagNames.shape), tagNames.shape, 'shape');
  const owner = ownerOf(tag(tagNames.owner), config);
  return {
    arn: description.arn,
    name: description.name,
    environment: config.stage,
    provider: { id: provider.id, config: provider.value },
    policy: policyOf(policy.id, policy.value, provider.value, config),
    shape: { id: shape.id, ...shape.value },
    owner,
    route: routeOf(config, owner),
    target: tag(tagNames.target),
    timing: timingOf(config),
    runbookUrl: (reason) => runbookUrl(config, reason),
  };
}

/** `page`: one of docs/runbooks, such as a reason; without it all of them. */
export function runbookUrl(config: Config, page?: Reason | 'fleet-paused'): string {
  const base = config.runbooks.replace(/\/+$/, '');
  return page === undefined ? base : `${base}/${page}`;
}

/** Its tags are those of its primary, and so is its key. */
function refuseReplica({ isReplica }: SecretDescription): void {
  if (isReplica !== true) return;
  throw new PermanentError(
    'misconfigured',
    "The secret is a replica; Keyturn rotates its primary, in that one's Region",
    {
      field: 'PrimaryRegion',
    },
  );
}

/** What Keyturn proves itself with cannot be what it replaces: the rotation would take its own leave to go on. */
function refuseMaster({ name, arn }: SecretDescription, config: Config): void {
  const named = namedSecrets(config).find((one) => [name, arn, arn.replace(/-\w{6}$/, '')].includes(one.name));
  if (named === undefined) return;
  throw new PermanentError('misconfigured', 'Keyturn itself uses this secret, so it cannot rotate it', {
    field: named.field,
  });
}

function tagValue(description: SecretDescription, name: string): string {
  const value = entry(description.tags, name);
  if (value === undefined || value === '') throw refused(name, 'is missing');
  if (value.includes('://')) throw refused(name, 'holds a URL; a tag picks ids, the configuration has the URLs');
  if (!isTagValue(value)) throw refused(name, 'has characters that an id cannot have');
  return value;
}

function picked<T>(
  known: Readonly<Record<string, T>>,
  id: string,
  tag: string,
  what: string,
): { id: string; value: T } {
  const value = entry(known, id);
  if (value === undefined) {
    throw refused(tag, `names a ${what} that the configuration does not have; it has ${Object.keys(known).join(', ')}`);
  }
  return { id, value };
}

function ownerOf(owner: string, config: Config): string {
  if (owner === 'default') throw refused(tagNames.owner, 'is default, which is the route of nobody');
  if (entry(config.routes, owner) === undefined) {
    const owners = Object.keys(config.routes).filter((name) => name !== 'default');
    throw refused(tagNames.owner, `names an owner that has no route; there are routes of ${owners.join(', ')}`);
  }
  return owner;
}

function policyOf(id: string, policy: PolicyConfig, provider: ProviderConfig, config: Config): Policy {
  const { grace, soak, holdOff, deletion, unusedFor, maxGrace, propagationBudget, readers, window, ...same } = policy;
  return {
    ...same,
    id,
    // Where a rotation leaves no old key, a person's edit still may.
    graceMs: policy.acceptOutage ? neededGrace(policy, provider, config) : grace,
    soakMs: soak,
    holdOffMs: holdOff ?? leastHoldOff(policy, provider),
    deletion: deletion ?? (policy.verification === 'dataPlane' ? 'auto' : 'approve'),
    unusedForMs: unusedFor,
    maxGraceMs: maxGrace,
    propagationBudgetMs: propagationBudget,
    probe: policy.verification === 'dataPlane' ? 'credential' : 'none',
    readers: readersOf(readers, config),
    acknowledging: acknowledgingReaders(readers, config),
    window,
  };
}

function neededGrace({ readers }: PolicyConfig, provider: ProviderConfig, config: Config): number {
  const { eventLagMs, marginMs } = timingOf(config);
  return requiredGrace(readersOf(readers, config), { eventLagMs, marginMs, revocationCacheMs: provider.revocation })
    .totalMs;
}

function refused(tag: string, problem: string): PermanentError {
  return new PermanentError('misconfigured', `Tag ${tag} ${problem}`, { field: `tag ${tag}` });
}
