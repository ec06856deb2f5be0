import type { Content } from '@keyturn/rotation/content';
import { PermanentError } from '@keyturn/rotation/errors';
import { hidden } from '@keyturn/rotation/hidden';

import { awsCall } from './aws-call.ts';
import { readLastReads } from './last-read.ts';
import {
  describePresentSecret,
  describeSecret,
  refuseDeleting,
  refusePresentSecret,
  refuseSecret,
  required,
} from './secret-description.ts';
import { rotationLabel, type SecretAdmin, type SecretStore, type SecretVersion } from './secret-store.ts';
import { secretAdmin } from './secrets-manager-admin.ts';
import { listSecrets } from './list-secrets.ts';
import type { SecretsManagerCalls } from './secrets-manager-calls.ts';
import { versionDates } from './version-dates.ts';

/**
 * The port over Secrets Manager's operations. AWS answers one error name for many causes, and its messages are prose: where a name does not
 * decide, a look at the secret does.
 */
export function secretStore(calls: SecretsManagerCalls): SecretStore & SecretAdmin {
  return {
    describe: (secretId) => describeSecret(calls, secretId),
    value: (secretId, which) => readValue(calls, secretId, which),
    lastRead: (secretId) => readLastReads(calls, secretId),
    versionDates: versionDates(calls),
    listSecrets: (filter) => listSecrets(calls, filter),
    putPending: (request) => putPending(calls, request),
    moveCurrent: (request) => moveCurrent(calls, request),
    dropPending: (request) => dropPending(calls, request),
    ...secretAdmin(calls),
  };
}

type Which = { readonly versionId?: string; readonly stage?: string };

async function readValue(
  calls: SecretsManagerCalls,
  secretId: string,
  which: Which,
): Promise<SecretVersion | undefined> {
  const { versionId, stage } = which;
  const request = {
    SecretId: secretId,
    VersionId: versionId,
    // Said even where it is the default: not every implementation moves the default with the label.
    VersionStage: stage ?? (versionId === undefined ? 'AWSCURRENT' : undefined),
  };
  const answer = await awsCall(
    'GetSecretValue',
    () => calls.getSecretValue(request),
    async (failure) => {
      const mismatch = failure.code === 'InvalidRequestException' && versionId !== undefined && stage !== undefined;
      if (failure.code !== 'ResourceNotFoundException' && !mismatch)
        return refusePresentSecret(calls, secretId, failure);
      await describePresentSecret(calls, secretId);
      return undefined;
    },
  );
  const content = answer && contentOf(answer);
  if (content === undefined) return undefined;
  return {
    ...content,
    versionId: required(answer?.VersionId, 'GetSecretValue', 'VersionId'),
    createdAt: required(answer?.CreatedDate, 'GetSecretValue', 'CreatedDate').getTime(),
  };
}

type Value = { readonly SecretString?: string | undefined; readonly SecretBinary?: Uint8Array | undefined };

function contentOf({ SecretString: text, SecretBinary: bytes }: Value): Content | undefined {
  if (bytes !== undefined) return { text: hidden(Buffer.from(bytes).toString('latin1')), binary: true };
  return text === undefined ? undefined : { text: hidden(text), binary: false };
}

function valueOf({ text, binary }: Content): Value {
  return binary === true ? { SecretBinary: Buffer.from(text.reveal(), 'latin1') } : { SecretString: text.reveal() };
}

async function putPending(
  calls: SecretsManagerCalls,
  { arn, token, rotationToken, ...content }: Parameters<SecretStore['putPending']>[0],
): Promise<'written' | 'exists'> {
  const request = {
    SecretId: arn,
    ClientRequestToken: token,
    ...valueOf(content),
    // Without labels AWSCURRENT would move.
    VersionStages: ['AWSPENDING', rotationLabel],
    // Secrets Manager insists on it where the function works under an assumed role.
    RotationToken: rotationToken,
  };
  const outcome = await awsCall(
    'PutSecretValue',
    () => calls.putSecretValue(request),
    (failure) => (failure.code === 'ResourceExistsException' ? 'exists' : refusePresentSecret(calls, arn, failure)),
  );
  return outcome === 'exists' ? 'exists' : 'written';
}

/** How AWS refuses to move a label that does not stand where the request says. */
const labelRefusals = new Set(['InvalidParameterException', 'InvalidRequestException', 'ResourceNotFoundException']);

// An answer can get lost after the label moved, and the SDK's second try is refused then: only the secret itself tells who won.
async function moveCurrent(
  calls: SecretsManagerCalls,
  { arn, from, to }: Parameters<SecretStore['moveCurrent']>[0],
): Promise<'moved' | 'lost'> {
  const request = { SecretId: arn, VersionStage: 'AWSCURRENT', RemoveFromVersionId: from, MoveToVersionId: to };
  const outcome = await awsCall(
    'UpdateSecretVersionStage',
    () => calls.updateSecretVersionStage(request),
    async (failure) => {
      if (!labelRefusals.has(failure.code)) return refuseSecret(failure);
      const description = await describeSecret(calls, arn);
      const { stages } = description;
      // Whatever became of the secret since: the labels of one that waits for its deletion are told still.
      if (stages.get(to)?.includes('AWSCURRENT') === true) return 'moved';
      refuseDeleting(description);
      if (stages.get(from)?.includes('AWSCURRENT') !== true) return 'lost';
      throw new PermanentError('misconfigured', failure.message, { cause: failure, field: 'MoveToVersionId' });
    },
  );
  return outcome === 'lost' ? 'lost' : 'moved';
}

async function dropPending(
  calls: SecretsManagerCalls,
  { arn, versionId }: Parameters<SecretStore['dropPending']>[0],
): Promise<void> {
  const request = { SecretId: arn, VersionStage: 'AWSPENDING', RemoveFromVersionId: versionId };
  await awsCall(
    'UpdateSecretVersionStage',
    () => calls.updateSecretVersionStage(request),
    async (failure) => {
      if (!labelRefusals.has(failure.code)) return refuseSecret(failure);
      const { stages } = await describePresentSecret(calls, arn);
      return stages.get(versionId)?.includes('AWSPENDING') === true ? refuseSecret(failure) : undefined;
    },
  );
}
