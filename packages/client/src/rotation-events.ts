import type { Secrets } from './create-secrets.ts';
import type { Slot } from './fetch-secret.ts';
import { fieldsOf } from './secret-error.ts';

/** What an event tells: a secret by name or ARN, and the version it turned to. */
export type RotationNotice = { readonly secretId: string; readonly versionId?: string | undefined };

/** Undefined: the event is about something else. */
export type RotationMatcher = (event: unknown) => RotationNotice | undefined;

type Detail = Readonly<Record<string, unknown>>;

/** The event of that source and type in which `find` finds the id of a secret, and perhaps that of its version. */
const matcher =
  (source: string, type: string, find: (detail: Detail, event: Detail) => readonly unknown[]): RotationMatcher =>
  (event) => {
    const fields = fieldsOf(event);
    if (fields['source'] !== source || fields['detail-type'] !== type) return undefined;
    const [secretId, versionId] = find(fieldsOf(fields['detail']), fields).map(
      (id) => (typeof id === 'string' && id) || undefined,
    );
    return secretId ? { secretId, versionId } : undefined;
  };

/** Secrets Manager's own event. It needs no trail, and is told of every move of the label, by whomever. */
export const labelUpdated = matcher('aws.secretsmanager', 'Secret Label Updated', (detail, { resources }) =>
  detail['labelUpdated'] === 'AWSCURRENT' ? [fieldsOf(resources)[0] ?? detail['name'], detail['versionId']] : [],
);

/** Keyturn's own event. */
export const secretRotated = matcher('keyturn', 'SecretRotated', (detail) => {
  const { secretArn, versionId } = fieldsOf(detail['data']);
  return [secretArn, versionId];
});

/** The end of a rotation as a trail tells it. */
export const rotationSucceeded = matcher('aws.secretsmanager', 'AWS Service Event via CloudTrail', (detail) =>
  detail['eventName'] === 'RotationSucceeded' ? [fieldsOf(detail['additionalEventData'])['SecretId']] : [],
);

/** The event that a rotation function sends itself, as the Python package `aws-secretsmanager` expects it. Each name may be another. */
export const secretRotation = (source = 'secretsmanager', detailType = 'Secret Rotation', detailKey = 'secretId') =>
  matcher(source, detailType, (detail) => [detail[detailKey]]);

export const rotationMatchers: readonly RotationMatcher[] = [
  labelUpdated,
  secretRotated,
  rotationSucceeded,
  secretRotation(),
];

const attempts = 3;

/** Asks again for the secret of an event; resolves to whether it is one of these. An event may be ahead of what Secrets Manager answers. */
export async function renewNamed(
  { slots, refresh }: Pick<Secrets, 'slots' | 'refresh'>,
  { secretId, versionId }: RotationNotice,
  wait: (attempt: number) => Promise<void>,
): Promise<boolean> {
  const named = [...slots()].filter((at) =>
    [at.secretId, at.cell.held?.arn, at.cell.held?.name].some((mine) => mine && isSame(mine, secretId)),
  );
  // What was never read needs nothing: it will be read as it is then.
  let behind = named.filter(({ cell, versionId }) => !versionId && (cell.held || cell.flight));
  for (let attempt = 1; behind.length && attempt <= attempts; attempt++) {
    if (attempt > 1) await wait(attempt - 1);
    await Promise.all(behind.map((at) => refresh(at).catch(() => expire(at))));
    behind = behind.filter(
      ({ stage, cell }) => versionId && stage === 'AWSCURRENT' && cell.held?.versionId !== versionId,
    );
  }
  return named.length > 0;
}

/** What cannot be had is asked for by the next reader. */
function expire({ cell }: Slot): void {
  if (cell.held) cell.held.freshUntil = 0;
}

/** Events and applications write names and ARNs, with or without their ending. A wrong guess costs one call. */
const isSame = (one: string, other: string): boolean => namesIn(one).some((name) => namesIn(other).includes(name));

function namesIn(id: string): readonly string[] {
  const name = id.replace(/^arn:.*:/, '');
  return name === id ? [name] : [name, name.replace(/-\w{6}$/, '')];
}
