import type { Clock } from '@keyturn/rotation/clock';

import type { RotationNotice } from './secrets-manager-notices.ts';
import type { RotationControl, RotationStarted } from './secrets-manager-rotation.ts';

/** What the rotation function is invoked with. */
export type RotationStep = {
  readonly Step: (typeof steps)[number];
  readonly SecretId: string;
  readonly ClientRequestToken: string;
  readonly RotationToken: string;
};

export type RotationRunnerOptions = {
  /** The model's `rotations`. */
  readonly control: () => Pick<RotationControl, 'isOpen' | 'ended'>;
  /** One execution of the function. Failed: it threw, timed out, was throttled, or its process died. */
  readonly invoke: (lambdaArn: string, step: RotationStep) => Promise<'succeeded' | 'failed'>;
  readonly clock: Pick<Clock, 'sleep'>;
  /** How often the whole process is tried, and how long it waits in between. AWS does not tell its own numbers (C2). */
  readonly attempts: number;
  readonly retryDelayMs: number;
  readonly tell: (notice: RotationNotice) => void;
};

export type RotationRunner = {
  /**
   * Ends when the rotation is complete, abandoned or cancelled, or when every attempt failed: then it stays pending until it is started again.
   * A rotation that is under way is not doubled.
   */
  run(rotation: RotationStarted): Promise<void>;
};

const steps = ['createSecret', 'setSecret', 'testSecret', 'finishSecret'] as const;

/** What Secrets Manager does in a rotation: it calls the function step by step, from the first again if one fails (C2), and moves no label itself. */
export function rotationRunner(options: RotationRunnerOptions): RotationRunner {
  const { control, invoke, clock, attempts, retryDelayMs, tell } = options;
  const running = new Set<string>();

  /** Why the attempt failed; undefined if all steps succeeded, or if the rotation was abandoned. */
  async function attempt({ arn, token, lambdaArn, test, rotationToken }: RotationStarted): Promise<string | undefined> {
    for (const step of test ? (['testSecret'] as const) : steps) {
      if (!control().isOpen(arn, token)) return undefined;
      const event = { Step: step, SecretId: arn, ClientRequestToken: token, RotationToken: rotationToken };
      if ((await invoke(lambdaArn, event)) === 'failed') {
        return `Error when executing lambda ${lambdaArn} during ${step} step`;
      }
    }
    return undefined;
  }

  async function tryOften(rotation: RotationStarted): Promise<void> {
    const { arn, token, test } = rotation;
    const prefix = test ? 'TestRotation' : 'Rotation';
    for (let number = 1; number <= attempts && control().isOpen(arn, token); number += 1) {
      if (number > 1) await clock.sleep(retryDelayMs);
      if (!control().isOpen(arn, token)) return;
      tell({ eventName: `${prefix}Started`, arn, token });
      const failure = await attempt(rotation);
      if (!control().isOpen(arn, token)) return;
      if (control().ended({ arn, token, succeeded: failure === undefined })) {
        return tell({ eventName: `${prefix}Succeeded`, arn, token });
      }
      const errorMessage = failure ?? 'The function succeeded, but AWSCURRENT did not move to the new version';
      tell({ eventName: `${prefix}Failed`, arn, token, errorMessage });
    }
  }

  return {
    async run(rotation) {
      const id = `${rotation.arn} ${rotation.token}`;
      if (running.has(id)) return;
      running.add(id);
      await tryOften(rotation).finally(() => running.delete(id));
    },
  };
}
