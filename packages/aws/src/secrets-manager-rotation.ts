import type {
  CancelRotateSecretRequest,
  RotateSecretRequest,
  RotateSecretResponse,
  RotationRulesType,
} from '@aws-sdk/client-secrets-manager';
import type { Clock } from '@keyturn/rotation/clock';

import { parseSchedule } from './schedule-expression.ts';
import type { SecretsManagerCalls } from './secrets-manager-calls.ts';
import { invalidParameter, invalidRequest, SecretsManagerRefusal } from './secrets-manager-refusal.ts';
import type { StoredSecret, Vault } from './secrets-manager-vault.ts';

export type RotationStarted = {
  readonly arn: string;
  readonly token: string;
  readonly lambdaArn: string;
  /** Only testSecret is to run (C11). */
  readonly test: boolean;
  /** Who rotates by an assumed role has to hand it on (C14). Secret material. */
  readonly rotationToken: string;
};

export type RotationOptions = {
  readonly clock: Clock;
  /** Plays rotation schedules that many times faster. */
  readonly scheduleSpeed?: number | undefined;
  /** Whether the function exists and lets Secrets Manager invoke it. */
  readonly mayInvoke?: ((lambdaArn: string, secretArn: string) => boolean) | undefined;
  /** The four steps are to run now, in the background. Told again for a rotation that is not complete and is attempted again. */
  readonly onRotate?: ((started: RotationStarted) => void) | undefined;
  readonly onAbandon?: ((abandoned: { arn: string; token: string; test: boolean }) => void) | undefined;
};

/** What Secrets Manager does about rotations between the calls of others. */
export type RotationControl = {
  /** Whether this rotation is still to be carried on: neither ended nor abandoned nor cancelled. */
  isOpen(arn: string, token: string): boolean;
  /** Takes note of an attempt's end. Answers whether the rotation is complete: succeeded, and AWSCURRENT on its version. */
  ended(attempt: { arn: string; token: string; succeeded: boolean }): boolean;
  /** Starts the rotations whose date has come. */
  startDue(): Promise<void>;
  /** Somebody saved a version by hand: the open rotation of another one is abandoned (C4), and its date counts from now (C16). */
  savedByHand(secret: StoredSecret, versionId: string): void;
};

export function secretsManagerRotation(vault: Vault, options: RotationOptions) {
  const { clock, scheduleSpeed = 1, mayInvoke = () => true, onRotate, onAbandon } = options;

  const schedule = (secret: StoredSecret) => {
    const now = clock.now();
    const next = secret.rotation?.enabled === true ? nextDate(secret.rotation.rules, now) : undefined;
    secret.nextRotationAt = next && now + (next - now) / scheduleSpeed;
  };

  const begin = (secret: StoredSecret, lambdaArn: string, token: string, test: boolean) => {
    secret.open = { token, test };
    onRotate?.({ arn: secret.arn, token, lambdaArn, test, rotationToken: vault.token(undefined) });
  };

  async function rotateSecret(request: RotateSecretRequest): Promise<RotateSecretResponse> {
    const secret = vault.findLive(request.SecretId);
    const token = vault.token(request.ClientRequestToken);
    const test = request.RotateImmediately === false;
    const rules = request.RotationRules ?? secret.rotation?.rules;
    const lambdaArn = checkFunction(request.RotationLambdaARN ?? secret.rotation?.lambdaArn, (arn) =>
      mayInvoke(arn, secret.arn),
    );
    if (request.RotationRules !== undefined) checkRules(request.RotationRules);
    const stuck = stuckPending(secret, token);
    if (stuck !== undefined) {
      begin(secret, lambdaArn, stuck, secret.open?.token === stuck && secret.open.test);
      throw invalidRequest("A previous rotation isn't complete. That rotation will be reattempted.");
    }

    secret.rotation = { enabled: true, lambdaArn, rules };
    secret.changedAt = clock.now();
    schedule(secret);
    if (announce(vault, secret, token, test)) begin(secret, lambdaArn, token, test);
    return { ARN: secret.arn, Name: secret.name, VersionId: token };
  }

  async function cancelRotateSecret(request: CancelRotateSecretRequest) {
    const secret = vault.findLive(request.SecretId);
    if (secret.rotation !== undefined) secret.rotation.enabled = false;
    secret.changedAt = clock.now();
    const versionId = secret.open?.token;
    secret.open = undefined;
    schedule(secret);
    return { ARN: secret.arn, Name: secret.name, VersionId: versionId };
  }

  const calls = { rotateSecret, cancelRotateSecret };
  return { calls, control: rotationControl(vault, { clock, schedule, rotateSecret, onAbandon }) };
}

type Deps = Pick<RotationOptions, 'clock' | 'onAbandon'> & {
  readonly schedule: (secret: StoredSecret) => void;
  readonly rotateSecret: SecretsManagerCalls['rotateSecret'];
};

function rotationControl(vault: Vault, { clock, schedule, rotateSecret, onAbandon }: Deps): RotationControl {
  return {
    isOpen: (arn, token) => {
      const secret = vault.secrets.get(arn);
      return secret?.open?.token === token && secret.deletionAt === undefined;
    },
    ended({ arn, token, succeeded }) {
      const secret = vault.secrets.get(arn);
      if (secret?.open?.token !== token) return false;
      vault.willChange(secret);
      const { test } = secret.open;
      const complete = succeeded && (test || becameCurrent(secret, token));
      if (test || complete) {
        if (secret.labels.get('AWSPENDING') === token) secret.labels.delete('AWSPENDING');
        secret.open = undefined;
      }
      if (complete && !test) secret.lastRotatedAt = clock.now();
      if (!test) schedule(secret);
      return complete;
    },
    async startDue() {
      for (const secret of vault.secrets.values()) {
        const due = secret.nextRotationAt !== undefined && secret.nextRotationAt <= clock.now();
        if (!due || secret.deletionAt !== undefined) continue;
        schedule(secret);
        await rotateSecret({ SecretId: secret.arn }).catch(ignoreRefusal);
      }
    },
    savedByHand(secret, versionId) {
      if (secret.rotation?.rules?.AutomaticallyAfterDays !== undefined) schedule(secret);
      const { open } = secret;
      if (open === undefined || open.token === versionId || becameCurrent(secret, open.token)) return;
      secret.open = undefined;
      if (secret.labels.get('AWSPENDING') === open.token) secret.labels.delete('AWSPENDING');
      onAbandon?.({ arn: secret.arn, ...open });
    },
  };
}

const becameCurrent = ({ labels }: StoredSecret, token: string) =>
  labels.get('AWSCURRENT') === token || labels.get('AWSPREVIOUS') === token;

function checkFunction(lambdaArn: string | undefined, mayInvoke: (lambdaArn: string) => boolean): string {
  if (lambdaArn === undefined) throw invalidRequest('No Lambda rotation function ARN is associated with this secret.');
  if (!mayInvoke(lambdaArn)) throw notInvocable();
  return lambdaArn;
}

/** C3: the version on which AWSPENDING was left, unless it is the current one (C7) or this rotation's own. */
function stuckPending(secret: StoredSecret, token: string): string | undefined {
  const pending = secret.labels.get('AWSPENDING');
  return pending === secret.labels.get('AWSCURRENT') || pending === token ? undefined : pending;
}

/** C1: the version exists, empty and labelled, before the first step. C11: a test has a copy. False: this rotation is over already. */
function announce(vault: Vault, secret: StoredSecret, token: string, test: boolean): boolean {
  if (secret.versions.has(token)) return secret.labels.get('AWSPENDING') === token;
  const current = secret.versions.get(secret.labels.get('AWSCURRENT') ?? '');
  vault.addVersion(secret, token, test ? current?.value : undefined);
  vault.attach(secret, 'AWSPENDING', token);
  return true;
}

/** A scheduled rotation that is refused (the function is gone, the previous one is not complete) waits for its next date. */
function ignoreRefusal(error: unknown): void {
  if (!(error instanceof SecretsManagerRefusal)) throw error;
}

const notInvocable = () =>
  new SecretsManagerRefusal(
    'AccessDeniedException',
    'Secrets Manager cannot invoke the specified Lambda function. Ensure that the function policy grants access to the principal secretsmanager.amazonaws.com.',
  );

const dayMs = 86_400_000;

function nextDate(rules: RotationRulesType | undefined, now: number): number | undefined {
  if (rules?.AutomaticallyAfterDays !== undefined) return now + rules.AutomaticallyAfterDays * dayMs;
  return parseSchedule(rules?.ScheduleExpression ?? '')?.next(now);
}

function checkRules(rules: RotationRulesType): void {
  const { AutomaticallyAfterDays: days, ScheduleExpression: expression, Duration: duration } = rules;
  if ((days === undefined) === (expression === undefined)) {
    throw invalidParameter(
      'Specify either AutomaticallyAfterDays or ScheduleExpression in RotationRules, and not both.',
    );
  }
  if (days !== undefined && !(Number.isInteger(days) && days >= 1 && days <= 1000)) {
    throw invalidParameter('AutomaticallyAfterDays must be between 1 and 1000.');
  }
  if (duration !== undefined && !/^(?:[1-9]|1\d|2[0-4])h$/.test(duration)) {
    throw invalidParameter('Duration must be a number of hours within a day, such as 3h.');
  }
  if (expression !== undefined && !isRotationSchedule(expression)) {
    throw invalidParameter('Invalid ScheduleExpression.');
  }
}

/** At least four hours apart, at most 999 days; a cron runs at minute 0 of any year. */
function isRotationSchedule(expression: string): boolean {
  const schedule = parseSchedule(expression);
  if (schedule?.kind === 'rate') {
    const everyMs = schedule.next(0) ?? 0;
    return !/minute/.test(expression) && everyMs >= dayMs / 6 && everyMs <= 999 * dayMs;
  }
  return schedule?.fields[0] === '0' && schedule.fields[5] === '*';
}
