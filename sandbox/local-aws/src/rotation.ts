import type { RotationControl, RotationStarted } from '@keyturn/aws/secrets-manager-rotation';

import type { Background } from './background.ts';
import type { RotationNotice } from './native-events.ts';
import type { Functions } from './lambda.ts';

export type Orchestrator = {
  /** Runs the steps in the background. An attempt of the same rotation that is under way is not doubled. */
  start(rotation: RotationStarted): void;
};

export type OrchestratorOptions = {
  readonly functions: Functions;
  readonly background: Background;
  readonly control: () => RotationControl;
  readonly tell: (notice: RotationNotice) => void;
  /** How often the whole process is tried, and how long it waits in between. AWS does not tell its own numbers (C2). */
  readonly attempts: number;
  readonly retryDelayMs: number;
};

const steps = ['createSecret', 'setSecret', 'testSecret', 'finishSecret'] as const;

/** Plays what Secrets Manager does in a rotation: it calls the function step by step and moves no label itself. */
export function orchestrator(options: OrchestratorOptions): Orchestrator {
  const { functions, background, control, tell, attempts, retryDelayMs } = options;
  const running = new Set<string>();

  /** Why the attempt failed; undefined if all steps succeeded, or if the rotation was abandoned. */
  async function attempt({ arn, token, lambdaArn, test }: RotationStarted): Promise<string | undefined> {
    for (const step of test ? (['testSecret'] as const) : steps) {
      if (!control().isOpen(arn, token)) return undefined;
      const failure = await invoke(lambdaArn, { Step: step, SecretId: arn, ClientRequestToken: token });
      if (failure) return `Error when executing lambda ${lambdaArn} during ${step} step`;
    }
    return undefined;
  }

  async function invoke(lambdaArn: string, event: object): Promise<boolean> {
    if (!functions.mayInvoke(lambdaArn, { principal: 'secretsmanager.amazonaws.com', sourceArn: secretOf(event) })) {
      return true;
    }
    return (await functions.invoke(functions.find(lambdaArn), event)).failed;
  }

  async function run(rotation: RotationStarted): Promise<void> {
    const { arn, token, test } = rotation;
    const prefix = test ? 'TestRotation' : 'Rotation';
    for (let number = 1; number <= attempts && control().isOpen(arn, token); number += 1) {
      if (number > 1) await background.sleep(retryDelayMs);
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
    start(rotation) {
      const id = `${rotation.arn} ${rotation.token}`;
      if (running.has(id)) return;
      running.add(id);
      background.run(() => run(rotation).finally(() => running.delete(id)));
    },
  };
}

const secretOf = (event: object) => ('SecretId' in event ? String(event.SecretId) : '');
