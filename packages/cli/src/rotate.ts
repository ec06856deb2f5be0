import { PermanentError } from '@keyturn/rotation/errors';

import { secretArgument, textOption } from './arguments.ts';
import type { Command, Deps } from './command.ts';
import { UsageError } from './console.ts';

const defaultWaitSeconds = 900;
const pauseMs = 1000;

export const rotate: Command = {
  name: 'rotate',
  summary: 'Rotate a secret now',
  usage: '<secret> [--wait [--timeout SECONDS]]',
  details: [
    'Asks Secrets Manager to rotate at once. A rotation that is not complete is started again instead of a second one.',
    'With --wait: exit code 1 unless the new version is current within --timeout seconds (900).',
  ].join('\n'),
  options: {
    wait: { type: 'boolean', help: 'wait until the new version is current' },
    timeout: { type: 'string', help: `seconds to wait, ${defaultWaitSeconds} by default` },
  },
  async run(call, deps, console) {
    const secretId = secretArgument(call);
    const seconds = Number(textOption(call, 'timeout') ?? defaultWaitSeconds);
    if (!Number.isInteger(seconds) || seconds < 1) throw new UsageError('--timeout is a whole number of seconds');
    const { arn, name, rotation } = await deps.secrets.describe(secretId);
    if (!rotation.enabled) {
      throw new PermanentError('not-ours', `${name} is not rotated by anybody; adopt it first`, {
        field: 'RotationEnabled',
      });
    }
    const { versionId } = await deps.secrets.rotateNow(arn);
    if (call.options['wait'] !== true) {
      return {
        ok: true,
        lines: [`Rotation ${versionId} of ${name} has begun.`],
        answer: { secret: name, versionId, outcome: 'begun' },
      };
    }
    console.note(`Rotation ${versionId} of ${name} has begun; the hold-off of its policy comes first.`);
    const outcome = await waitFor({ arn, versionId, seconds }, deps);
    return { ok: outcome === 'current', lines: [sentences[outcome]], answer: { secret: name, versionId, outcome } };
  },
};

const sentences = {
  current: 'Done: the new key is current. The old one keeps working until its grace is over.',
  dropped: 'Failed: the new version was given up. The old key is current and works. `keyturn status` says more.',
  pending:
    'Not done in time: the new version is still pending. The old key is current and works. `keyturn status` says more.',
} as const;

type Waiting = { readonly arn: string; readonly versionId: string; readonly seconds: number };

async function waitFor(
  { arn, versionId, seconds }: Waiting,
  { secrets, clock }: Deps,
): Promise<keyof typeof sentences> {
  const deadline = clock.now() + seconds * 1000;
  // A description may be older than the rotation's start.
  let wasPending = false;
  for (;;) {
    const labels = (await secrets.describe(arn)).stages.get(versionId) ?? [];
    if (labels.includes('AWSCURRENT')) return 'current';
    if (wasPending && !labels.includes('AWSPENDING')) return 'dropped';
    wasPending ||= labels.includes('AWSPENDING');
    if (clock.now() > deadline) return 'pending';
    await clock.sleep(pauseMs);
  }
}
