import { secretNameOf } from '@keyturn/aws/secret-name';
import { tagNames } from '@keyturn/config/managed-secret';
import { functionNames } from '@keyturn/config/names';
import { refuseKeyOfAnother } from '@keyturn/config/key-holders';
import { isProvenByValue, proveOwnership } from '@keyturn/credential-provider/ownership-proof';
import type { Credential } from '@keyturn/rotation/credential';
import { PermanentError } from '@keyturn/rotation/errors';
import { markOf, parseMark, parseSecretArn, secretHash } from '@keyturn/rotation/mark';
import { vetSecret } from '@keyturn/rotation/shape';

import { neededOption, secretArgument, textOption } from './arguments.ts';
import type { Call, Deps } from './command.ts';
import { labelled, liveSecret, type LiveSecret } from './live-secret.ts';

export type Plan = {
  readonly live: LiveSecret;
  readonly tags: Readonly<Record<string, string>>;
  readonly lambdaArn: string;
  readonly marked: boolean;
  /** Whether the key gets a mark. Where keys can bear none, its value is the proof. */
  readonly marks: boolean;
};

/** What adopting would change, after every proof that can be had without changing anything. */
export async function planAdoption(call: Call, deps: Deps): Promise<Plan> {
  const secretId = secretArgument(call);
  const picked = {
    [tagNames.provider]: neededOption(call, 'provider'),
    [tagNames.policy]: neededOption(call, 'policy'),
    [tagNames.shape]: neededOption(call, 'shape'),
    [tagNames.owner]: neededOption(call, 'owner'),
  };
  const target = textOption(call, 'target') ?? (await findTarget(secretId, picked, deps));
  const tags = { ...picked, [tagNames.target]: target };
  const live = await liveSecret(secretId, deps, tags);
  vetSecret(live.secret.shape, live.version);
  const lambdaArn = handlerArn(live.secret.arn, deps);
  refuseOtherRotation(live, lambdaArn);
  const marked = live.credential === undefined ? false : await provePossession(live, live.credential, deps);
  const provenByValue = isProvenByValue(await deps.issue(live.secret.provider.id).describe());
  if (provenByValue && live.credential !== undefined) {
    await refuseKeyOfAnother(live.credential, { secretArn: live.secret.arn, target }, deps.secrets);
  }
  return { live, tags, lambdaArn, marked, marks: live.credential !== undefined && !marked && !provenByValue };
}

async function findTarget(secretId: string, picked: Readonly<Record<string, string>>, deps: Deps): Promise<string> {
  // Any valid target does here: it is replaced by the one that the provider names.
  const { secret, version, credential } = await liveSecret(secretId, deps, { ...picked, [tagNames.target]: 'unknown' });
  // Before the provider is asked: the shape may point to another key than the one that is meant.
  vetSecret(secret.shape, version);
  if (credential === undefined) {
    throw new PermanentError('misconfigured', 'The secret is empty, so no app can be found by its key', {
      field: '--target',
    });
  }
  const found = await locate(secret.provider.id, credential, deps);
  if (found !== undefined) return found.target;
  throw new PermanentError('not-yours', `No target of ${secret.provider.id} has this key with this secret`, {
    field: secret.shape.keyId,
  });
}

async function locate(providerId: string, credential: Credential, deps: Deps): Promise<{ target: string } | undefined> {
  try {
    return await deps.issue(providerId).locate({ credential });
  } catch (error) {
    if (!(error instanceof PermanentError && error.reason === 'unsupported')) throw error;
    throw new PermanentError('misconfigured', `${providerId} cannot tell where a key belongs: name its target`, {
      field: '--target',
      cause: error,
    });
  }
}

function handlerArn(secretArn: string, { config }: Deps): string {
  const { account, region } = parseSecretArn(secretArn);
  const [, partition] = secretArn.split(':');
  return `arn:${partition}:lambda:${region}:${account}:function:${functionNames(config.stage).rotationHandler}`;
}

function refuseOtherRotation({ description }: LiveSecret, lambdaArn: string): void {
  const { lambdaArn: attached, enabled } = description.rotation;
  if (attached === lambdaArn) return;
  const pending = labelled(description, 'AWSPENDING');
  if (pending !== undefined && pending !== labelled(description, 'AWSCURRENT')) {
    throw new PermanentError(
      'key-conflict',
      `${description.name} has a pending version that somebody left; take AWSPENDING off it first`,
      {
        field: 'AWSPENDING',
      },
    );
  }
  if (!enabled) return;
  throw new PermanentError(
    'not-ours',
    `${description.name} is rotated by another function; cancel that rotation first`,
    {
      field: 'RotationLambdaARN',
    },
  );
}

async function provePossession({ secret, version }: LiveSecret, credential: Credential, deps: Deps): Promise<boolean> {
  const { target, policy } = secret;
  const { probe } = policy;
  const check = await deps.issue(secret.provider.id).check({ target, credential, probe, times: 1 });
  await refuseSharedKey(check.key.state === 'absent' ? undefined : check.key.mark, secret.arn, deps);
  const { marked } = proveOwnership({ check, mark: markOf(secret.arn, version.versionId, secret.environment) });
  const { use } = check;
  if (use.outcome === 'no-probe') {
    throw new PermanentError(
      'misconfigured',
      'No probe fits this key; add one, or choose a policy with verification: controlPlane',
      {
        field: `providers.${secret.provider.id}.probes`,
      },
    );
  }
  if (use.outcome === 'rejected') {
    throw new PermanentError('key-rejected', `The gateway refuses the key that the secret holds: ${use.code}`, {
      field: secret.shape.keyId,
    });
  }
  return marked;
}

/** Refuses the key of another secret by that secret's name. */
export async function refuseSharedKey(mark: string | undefined, secretArn: string, { ledger }: Deps): Promise<void> {
  const owner = mark === undefined ? undefined : parseMark(mark)?.secretHash;
  if (owner === undefined || owner === secretHash(secretArn)) return;
  const name = await secretNameOf(owner, ledger);
  throw new PermanentError('shared-key', `The key belongs to ${name} already. Give this secret a key of its own.`, {
    field: name,
  });
}
