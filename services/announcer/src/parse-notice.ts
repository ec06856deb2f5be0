import type { RotationFailure } from '@keyturn/aws/rotation-failure';
import { RotationFailed } from '@keyturn/events/rotation-failed';
import { PermanentError } from '@keyturn/rotation/errors';
import { parseSecretArn } from '@keyturn/rotation/mark';
import * as z from 'zod';

/** What made the announcer look. Times in milliseconds since 1970. */
export type Notice =
  /** AWSCURRENT was moved to a version: from Secrets Manager itself (`event`), the rotation handler's hint (`rotation`), or the watchdog's look, which moved nothing (`look`). */
  | Moved
  /** CloudTrail says that a rotation ended badly. */
  | {
      readonly kind: 'ended';
      readonly secretArn: string;
      readonly token: string;
      readonly how: Ending;
      readonly step: RotationFailed['data']['step'];
      readonly at: number;
    }
  /** The handler stopped because the new key is not accepted everywhere yet, and has told nobody: nothing is wrong so far. */
  | { readonly kind: 'waiting'; readonly secretArn: string; readonly token: string; readonly at: number }
  /** The handler has told of a failure itself. */
  | {
      readonly kind: 'told';
      readonly secretArn: string;
      readonly token: string;
      readonly at: number;
      readonly failure: NonNullable<RotationFailure['failure']>;
    };

export type Moved = {
  readonly kind: 'moved';
  readonly secretArn: string;
  readonly versionId: string;
  readonly at: number;
  readonly by: 'event' | 'rotation' | 'look';
};

type Ending = 'RotationFailed' | 'RotationAbandoned' | 'TestRotationFailed';

const labelUpdated = z.object({
  source: z.literal('aws.secretsmanager'),
  'detail-type': z.literal('Secret Label Updated'),
  resources: z.tuple([z.string()]),
  time: z.iso.datetime(),
  detail: z.object({ labelUpdated: z.literal('AWSCURRENT'), versionId: z.string() }),
});

/** What the rotation handler and the watchdog send to the announcer's queue themselves. */
const hint = z.object({
  source: z.literal('keyturn'),
  'detail-type': z.enum(['LabelMoved', 'RotationWaiting', 'SecretWatched']),
  time: z.iso.datetime(),
  detail: z.object({ secretArn: z.string(), versionId: z.string() }),
});

const serviceEvent = z.object({
  source: z.literal('aws.secretsmanager'),
  'detail-type': z.enum(['AWS Service Event via CloudTrail', 'AWS API Call via CloudTrail']),
  time: z.iso.datetime(),
  detail: z.object({
    eventName: z.enum(['RotationFailed', 'RotationAbandoned', 'TestRotationFailed']),
    errorMessage: z.string().optional(),
    // `Rotation-<ARN>-<token>` in the samples seen.
    requestID: z.string().optional(),
    additionalEventData: z.object({ SecretId: z.string() }),
  }),
});

const envelope = z.object({ source: z.string(), 'detail-type': z.string() });

/** Throws a ZodError or PermanentError('malformed'): nobody can handle such a message. */
export function parseNotice(body: unknown): Notice {
  const notice = readNotice(body);
  parseSecretArn(notice.secretArn);
  return notice;
}

function readNotice(body: unknown): Notice {
  const { source, 'detail-type': type } = envelope.parse(body);
  if (source === 'keyturn' && hint.shape['detail-type'].safeParse(type).success) return readHint(body);
  if (source === 'keyturn' && type === RotationFailed.type) {
    const { metadata, data } = RotationFailed.parse(body);
    const { secretArn, versionId: token, step, reason, field, retryable } = data;
    const failure = { step, reason, field, retryable };
    return { kind: 'told', secretArn, token, at: Date.parse(metadata.occurredAt), failure };
  }
  if (source === 'aws.secretsmanager' && type === 'Secret Label Updated') {
    const { resources, time, detail } = labelUpdated.parse(body);
    const { versionId } = detail;
    return { kind: 'moved', secretArn: resources[0], versionId, at: Date.parse(time), by: 'event' };
  }
  if (source === 'aws.secretsmanager') return readServiceEvent(body);
  throw new PermanentError('malformed', 'An event that nobody sends here', { field: 'detail-type' });
}

function readHint(body: unknown): Notice {
  const { 'detail-type': type, time, detail } = hint.parse(body);
  const { secretArn, versionId } = detail;
  const at = Date.parse(time);
  if (type === 'LabelMoved') return { kind: 'moved', secretArn, versionId, at, by: 'rotation' };
  // Who moved the label the watchdog does not know: the announcer judges by the labels.
  if (type === 'SecretWatched') return { kind: 'moved', secretArn, versionId, at, by: 'look' };
  return { kind: 'waiting', secretArn, token: versionId, at };
}

function readServiceEvent(body: unknown): Notice {
  const { time, detail } = serviceEvent.parse(body);
  const secretArn = detail.additionalEventData.SecretId;
  const prefix = `Rotation-${secretArn}-`;
  const token = detail.requestID?.startsWith(prefix) === true ? detail.requestID.slice(prefix.length) : undefined;
  if (token === undefined) {
    throw new PermanentError('malformed', 'The event does not say which rotation it is about', { field: 'requestID' });
  }
  const { eventName: how, errorMessage = '' } = detail;
  return { kind: 'ended', secretArn, token, how, step: stepIn(errorMessage), at: Date.parse(time) };
}

const steps = ['createSecret', 'setSecret', 'testSecret', 'finishSecret'] as const;

function stepIn(message: string): (typeof steps)[number] | 'unknown' {
  return steps.find((step) => message.includes(`${step} step`)) ?? 'unknown';
}
