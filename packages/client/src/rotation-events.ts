import type { Secrets } from './create-secrets.ts';
import { isObject } from './secret-error.ts';
import type { IsNamed } from './secret-cache.ts';

/** What an event tells: a secret by name or ARN, and the version it turned to. */
export type RotationNotice = { readonly secretId: string; readonly versionId?: string | undefined };

/** Undefined: the event is about something else. */
export type RotationMatcher = (event: unknown) => RotationNotice | undefined;

/** Secrets Manager's own event. It needs no trail, and is told of every move of the label, by whomever. */
export const labelUpdated: RotationMatcher = (event) => {
  const { resources, detail } = told(event, 'aws.secretsmanager', 'Secret Label Updated');
  if (detail['labelUpdated'] !== 'AWSCURRENT') return undefined;
  const secretId = Array.isArray(resources) ? textOf(resources[0]) : undefined;
  return notice(secretId ?? detail['name'], detail['versionId']);
};

/** Keyturn's own event. */
export const secretRotated: RotationMatcher = (event) => {
  const { data } = told(event, 'keyturn', 'SecretRotated').detail;
  return isObject(data) ? notice(data['secretArn'], data['versionId']) : undefined;
};

/** The end of a rotation as a trail tells it. */
export const rotationSucceeded: RotationMatcher = (event) => {
  const { eventName, additionalEventData } = told(
    event,
    'aws.secretsmanager',
    'AWS Service Event via CloudTrail',
  ).detail;
  return eventName === 'RotationSucceeded' && isObject(additionalEventData)
    ? notice(additionalEventData['SecretId'], undefined)
    : undefined;
};

/** The event that a rotation function sends itself, as the Python package `aws-secretsmanager` expects it. Each name may be another. */
export const secretRotation =
  (source = 'secretsmanager', detailType = 'Secret Rotation', detailKey = 'secretId'): RotationMatcher =>
  (event) =>
    notice(told(event, source, detailType).detail[detailKey], undefined);

export const rotationMatchers: readonly RotationMatcher[] = [
  labelUpdated,
  secretRotated,
  rotationSucceeded,
  secretRotation(),
];

const attempts = 3;

/** Asks again for the secret of an event; resolves to whether it is one of these. An event may be ahead of what Secrets Manager answers. */
export async function renewNamed(
  secrets: Secrets,
  { secretId, versionId }: RotationNotice,
  wait: (attempt: number) => Promise<void>,
): Promise<boolean> {
  const known = await secrets.renew(isNamedBy(secretId));
  const isBehind: IsNamed = (written, answer) =>
    written.stage === 'AWSCURRENT' && answer?.versionId !== versionId && isNamedBy(secretId)(written, answer);
  if (versionId === undefined) return known;
  for (let attempt = 1; attempt < attempts; attempt++) {
    let behind = false;
    // Only looks.
    await secrets.renew((...named) => ((behind ||= named[1] !== undefined && isBehind(...named)), false));
    if (!behind) break;
    await wait(attempt);
    await secrets.renew(isBehind);
  }
  return known;
}

/** Events and applications write names and ARNs, with or without their ending. A wrong guess costs one call. */
const isNamedBy =
  (named: string): IsNamed =>
  ({ secretId }, answer) =>
    [secretId, answer?.arn, answer?.name].some(
      (mine) => mine !== undefined && (isSame(mine, named) || isSame(named, mine)),
    );

/** `prod/stripe`, its ARN, and its ARN without the ending. */
function isSame(short: string, long: string): boolean {
  const tail = short.startsWith('arn:') ? long : long.slice(long.lastIndexOf(':') + 1);
  const ending = long.startsWith('arn:') && tail.startsWith(`${short}-`) ? tail.slice(short.length) : '';
  return tail === short || /^-\w{6}$/.test(ending);
}

function told(event: unknown, source: string, type: string): { resources?: unknown; detail: Record<string, unknown> } {
  if (!isObject(event) || event['source'] !== source || event['detail-type'] !== type) return { detail: {} };
  return { resources: event['resources'], detail: isObject(event['detail']) ? event['detail'] : {} };
}

const textOf = (value: unknown): string | undefined => (typeof value === 'string' && value !== '' ? value : undefined);

function notice(secretId: unknown, versionId: unknown): RotationNotice | undefined {
  const id = textOf(secretId);
  return id === undefined ? undefined : { secretId: id, versionId: textOf(versionId) };
}
