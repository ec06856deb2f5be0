import { secretNameOf } from '@keyturn/aws/secret-name';
import { announcementKey, nextNumber, readAnnouncement, type Announcement } from '@keyturn/aws/announcement';
import { eventFacts } from '@keyturn/config/event-facts';
import { tagNames } from '@keyturn/config/managed-secret';
import { functionNames } from '@keyturn/config/names';
import { proveOwnership } from '@keyturn/credential-provider/ownership-proof';
import { occurrence } from '@keyturn/events/occurrence';
import { SecretAdopted } from '@keyturn/events/secret-adopted';
import { fingerprint, type Credential } from '@keyturn/rotation/credential';
import { PermanentError } from '@keyturn/rotation/errors';
import { formatMark, markOf, parseMark, parseSecretArn, secretHash } from '@keyturn/rotation/mark';

import { neededOption, secretArgument, textOption } from './arguments.ts';
import type { Call, Command, Deps } from './command.ts';
import { describePolicy } from './describe-policy.ts';
import { labelled, liveSecret, type LiveSecret } from './live-secret.ts';
import { isoOrNull } from './moments.ts';

export const adopt: Command = {
  name: 'adopt',
  summary: 'Hand a secret and its present key to Keyturn',
  usage: '<secret> --provider ID --policy ID --shape ID --owner ID [--target TARGET] [--yes]',
  details: [
    'Finds the app that the key belongs to, proves that the secret holds the key, and shows what would change.',
    'Nothing is changed without --yes. With it: the key is marked at the provider, the secret is tagged, and the',
    'schedule is attached with RotateImmediately=false: the key stays as it is until the schedule comes round.',
    'Doing it again is harmless and finishes what was interrupted.',
  ].join('\n'),
  options: {
    provider: { type: 'string', help: 'provider id of the configuration' },
    policy: { type: 'string', help: 'policy id of the configuration' },
    shape: { type: 'string', help: 'shape id of the configuration' },
    owner: { type: 'string', help: 'owner: a route of the configuration' },
    target: {
      type: 'string',
      help: 'where the key belongs, such as developers/a@b.example/apps/orders; found by the key if left out',
    },
    yes: { type: 'boolean', help: 'do it' },
  },
  async run(call, deps) {
    const plan = await planAdoption(call, deps);
    const confirmed = call.options['yes'] === true;
    if (confirmed) await carryOut(plan, deps);
    return {
      ok: true,
      lines: [
        ...describePlan(plan),
        '',
        confirmed
          ? 'Done. Secrets Manager now tries the schedule out once, without changing the key.'
          : 'Nothing was changed. Add --yes to do it.',
      ],
      answer: {
        secret: plan.live.description.name,
        secretArn: plan.live.secret.arn,
        target: plan.live.secret.target,
        tags: plan.tags,
        schedule: plan.live.secret.policy.schedule,
        fingerprint: plan.live.credential === undefined ? null : fingerprint(plan.live.credential.keyId),
        adopted: confirmed,
      },
    };
  },
};

type Plan = {
  readonly live: LiveSecret;
  readonly tags: Readonly<Record<string, string>>;
  readonly lambdaArn: string;
  readonly marked: boolean;
};

async function planAdoption(call: Call, deps: Deps): Promise<Plan> {
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
  const lambdaArn = handlerArn(live.secret.arn, deps);
  refuseOtherRotation(live, lambdaArn);
  const marked = live.credential === undefined ? false : await provePossession(live, live.credential, deps);
  return { live, tags, lambdaArn, marked };
}

async function findTarget(secretId: string, picked: Readonly<Record<string, string>>, deps: Deps): Promise<string> {
  // Any valid target does here: it is replaced by the one that the provider names.
  const { secret, credential } = await liveSecret(secretId, deps, { ...picked, [tagNames.target]: 'unknown' });
  if (credential === undefined) {
    throw new PermanentError('misconfigured', 'The secret is empty, so no app can be found by its key', {
      field: '--target',
    });
  }
  const found = await deps.issue(secret.provider.id).locate({ credential });
  if (found !== undefined) return found.target;
  throw new PermanentError('not-yours', `No target of ${secret.provider.id} has this key with this secret`, {
    field: secret.shape.keyId,
  });
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

async function refuseSharedKey(mark: string | undefined, secretArn: string, { ledger }: Deps): Promise<void> {
  const owner = mark === undefined ? undefined : parseMark(mark)?.secretHash;
  if (owner === undefined || owner === secretHash(secretArn)) return;
  const name = await secretNameOf(owner, ledger);
  throw new PermanentError('shared-key', `The key belongs to ${name} already. Give this secret a key of its own.`, {
    field: name,
  });
}

function describePlan({ live, tags, marked }: Plan): string[] {
  const { description, secret, credential } = live;
  return [
    description.name,
    `  key          ${describeKey(credential, marked)}`,
    `  target       ${secret.target}`,
    `  owner        ${secret.owner}`,
    ...describePolicy(secret),
    '',
    'What changes:',
    ...(credential === undefined || marked
      ? []
      : [`  the key gets a mark at ${secret.provider.id}, its other attributes stay`]),
    ...Object.entries(tags).map(([name, value]) => `  tag ${name} = ${value}`),
    `  rotation by ${secret.policy.schedule}, not now`,
  ];
}

function describeKey(credential: Credential | undefined, marked: boolean): string {
  if (credential === undefined) return 'none yet; the first rotation issues it';
  return `${fingerprint(credential.keyId)} (fingerprint), proven to be this target's${marked ? ', marked already' : ''}`;
}

// The mark first: from then on no second secret can take the key. The schedule last: it makes Secrets Manager call us, who need all the rest.
async function carryOut(plan: Plan, deps: Deps): Promise<void> {
  const { live, tags } = plan;
  const { secret, version, credential } = live;
  if (credential !== undefined) await markKey(live, credential, deps);
  await deps.secrets.tag(secret.arn, tags);
  await recordAdoption(live, deps);
  await attachSchedule(plan, deps);
  const fresh = await deps.secrets.describe(secret.arn);
  const facts = {
    ...eventFacts(fresh, deps.config),
    versionId: version.versionId,
    schedule: secret.policy.schedule,
    nextRotationAt: isoOrNull(fresh.rotation.nextAt),
  };
  const about = occurrence(deps, {
    correlationId: `${secretHash(secret.arn)}/${version.versionId}`,
    idempotencyKey: `${secret.arn}#${version.versionId}#adopted`,
  });
  await deps.bus.publish(SecretAdopted.create(facts, about));
}

// Attached twice, the schedule would be tried out twice, or refused while the first dry run is on its way.
async function attachSchedule({ live, lambdaArn }: Plan, deps: Deps): Promise<void> {
  const { description, secret } = live;
  const { rotation } = description;
  const { schedule, window } = secret.policy;
  if (rotation.enabled && rotation.lambdaArn === lambdaArn && rotation.schedule === schedule) return;
  await deps.secrets.attachRotation({ arn: secret.arn, lambdaArn, schedule, duration: window });
}

async function markKey({ secret, version }: LiveSecret, credential: Credential, deps: Deps): Promise<void> {
  const provider = deps.issue(secret.provider.id);
  const mark = markOf(secret.arn, version.versionId, secret.environment);
  await provider.mark({ target: secret.target, keyId: credential.keyId, mark: formatMark(mark) });
  const check = await provider.check({ target: secret.target, credential, probe: 'none', times: 1 });
  await refuseSharedKey(check.key.state === 'absent' ? undefined : check.key.mark, secret.arn, deps);
  proveOwnership({ check, mark });
}

async function recordAdoption({ secret, version }: LiveSecret, { ledger, clock }: Deps): Promise<void> {
  if ((await readAnnouncement(ledger, secret.arn)) !== undefined) return;
  const n = nextNumber(0, clock.now());
  const row: Announcement = {
    secretArn: secret.arn,
    secretName: secret.name,
    provider: secret.provider.id,
    target: secret.target,
    currentVersionId: version.versionId,
    previousVersionId: null,
    n,
    since: clock.now(),
    cause: 'adoption',
    announced: n,
  };
  await ledger.write(announcementKey(secret.arn), row, 0);
}
