import { failureKey, listFailures, rotationFailure, type RotationFailure } from '@keyturn/aws/rotation-failure';
import type { SecretDescription } from '@keyturn/aws/secret-store';
import { managedSecret } from '@keyturn/config/managed-secret';
import { acceptsOutage, outageWindow } from '@keyturn/config/outage-window';
import { PermanentError } from '@keyturn/rotation/errors';

import { secretArgument, textOption } from './arguments.ts';
import type { Command, Deps } from './command.ts';
import { UsageError } from './console.ts';
import { moment } from './moments.ts';
import { whatToDo } from './what-to-do.ts';

const defaultWaitSeconds = 900;
const pauseMs = 1000;

export const rotate: Command = {
  name: 'rotate',
  summary: 'Rotate a secret now',
  usage: '<secret> [--wait [--timeout SECONDS]]',
  details: [
    'Asks Secrets Manager to rotate at once. A rotation that is not complete is started again instead of a second one.',
    'With --wait: exit code 1 unless the new version is current within --timeout seconds (900), at once and with the',
    'reason where it failed for good.',
  ].join('\n'),
  options: {
    wait: { type: 'boolean', help: 'wait until the new version is current' },
    timeout: { type: 'string', help: `seconds to wait, ${defaultWaitSeconds} by default` },
  },
  async run(call, deps, console) {
    const secretId = secretArgument(call);
    const seconds = Number(textOption(call, 'timeout') ?? defaultWaitSeconds);
    if (!Number.isInteger(seconds) || seconds < 1) throw new UsageError('--timeout is a whole number of seconds');
    const description = await deps.secrets.describe(secretId);
    const { arn, name, rotation } = description;
    if (!rotation.enabled) {
      throw new PermanentError('not-ours', `${name} is not rotated by anybody; adopt it first`, {
        field: 'RotationEnabled',
      });
    }
    refuseOutsideWindow(description, deps);
    const waits = call.options['wait'] === true;
    const before = waits ? await listFailures(deps.ledger, arn) : [];
    const { versionId } = await deps.secrets.rotateNow(arn);
    if (!waits) {
      return {
        ok: true,
        lines: [`Rotation ${versionId} of ${name} has begun.`],
        answer: { secret: name, versionId, outcome: 'begun' },
      };
    }
    console.note(`Rotation ${versionId} of ${name} has begun; the hold-off of its policy comes first.`);
    const { outcome, failure } = await waitFor(
      { arn, versionId, seconds, failedAt: before.find(({ value }) => value.token === versionId)?.value.at },
      deps,
    );
    const { step, reason, field } = failure ?? noFailure;
    return {
      ok: outcome === 'current',
      lines: [
        sentencesOf(description, deps)[outcome],
        ...(failure === undefined || outcome === 'current' ? [] : explain(failure)),
      ],
      answer: { secret: name, versionId, outcome, ...(outcome === 'current' ? noFailure : { step, reason, field }) },
    };
  },
};

// The handler would refuse it too, after Secrets Manager has begun.
function refuseOutsideWindow(description: SecretDescription, { config, clock }: Deps): void {
  if (!acceptsOutage(description, config)) return;
  const { policy } = managedSecret(description, config);
  const now = clock.now();
  const window = outageWindow(policy, now);
  if (window === undefined || window.from <= now) return;
  throw new PermanentError(
    'outside-window',
    `Requests fail while the key of ${description.name} is replaced, which its policy accepts from ${moment(window.from)} to ${moment(window.until)}`,
    { field: `policies.${policy.id}.window` },
  );
}

const noFailure = { step: null, reason: null, field: null };

const sentences = {
  current: 'Done: the new key is current. The old one keeps working until its grace is over.',
  failed: 'Failed, and no retry will succeed as it is. The old key stays current.',
  dropped: 'Failed: the new version was given up. The old key is current and works. `keyturn status` says more.',
  pending:
    'Not done in time: the new version is still pending. The old key is current and works. `keyturn status` says more.',
} as const;

const sentencesOf = (description: SecretDescription, { config }: Deps) =>
  acceptsOutage(description, config) ? withoutOverlap : sentences;

// The provider may have ended the old key.
const withoutOverlap: Readonly<Record<keyof typeof sentences, string>> = {
  current: 'Done: the new key is current. The provider has ended the old one.',
  failed:
    'Failed, and no retry will succeed as it is. The old key stays current, and may have ended: see `keyturn plan`.',
  dropped: 'Failed: the new version was given up. The old key is current, and may have ended. Rotate again at once.',
  pending: 'Not done in time: the new version is still pending, and the old key may have ended. It goes on by itself.',
};

type Failure = NonNullable<RotationFailure['failure']>;

function explain({ step, reason, field }: Failure): readonly string[] {
  return [`It failed in ${step}: ${whatToDo({ reason, field }, '')}`];
}

type Waiting = {
  readonly arn: string;
  readonly versionId: string;
  readonly seconds: number;
  /** When an earlier attempt at the same version failed, by the clock of whoever noted that. */
  readonly failedAt: number | undefined;
};
type Ending = { readonly outcome: keyof typeof sentences; readonly failure?: Failure | undefined };

async function waitFor(waiting: Waiting, deps: Deps): Promise<Ending> {
  const { arn, versionId, seconds } = waiting;
  const { secrets, clock } = deps;
  const deadline = clock.now() + seconds * 1000;
  // A description may be older than the rotation's start.
  let wasPending = false;
  for (;;) {
    const labels = (await secrets.describe(arn)).stages.get(versionId) ?? [];
    if (labels.includes('AWSCURRENT')) return { outcome: 'current' };
    const failure = await failureSince(waiting, deps);
    // One that may heal is tried again by Secrets Manager.
    if (failure?.retryable === false) return { outcome: 'failed', failure };
    if (wasPending && !labels.includes('AWSPENDING')) return { outcome: 'dropped', failure };
    wasPending ||= labels.includes('AWSPENDING');
    if (clock.now() > deadline) return { outcome: 'pending', failure };
    await clock.sleep(pauseMs);
  }
}

async function failureSince({ arn, versionId, failedAt = 0 }: Waiting, { ledger }: Deps): Promise<Failure | undefined> {
  const known = await ledger.read(failureKey(arn, versionId), rotationFailure);
  return known !== undefined && known.value.at > failedAt ? known.value.failure : undefined;
}
