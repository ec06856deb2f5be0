import type {
  CreateSecretRequest,
  DeleteSecretRequest,
  PutSecretValueRequest,
  Tag,
  UpdateSecretRequest,
} from '@aws-sdk/client-secrets-manager';
import type { Clock } from '@keyturn/rotation/clock';

import type { SecretsManagerCalls } from './secrets-manager-calls.ts';
import { secretsManagerListing } from './secrets-manager-listing.ts';
import { exists, invalidParameter, invalidRequest, validation } from './secrets-manager-refusal.ts';
import { secretsManagerRotation, type RotationControl, type RotationOptions } from './secrets-manager-rotation.ts';
import { checkStages, moveStage, noValue, versionOf } from './secrets-manager-stages.ts';
import { truthOf, type SecretTruth } from './secrets-manager-truth.ts';
import {
  checkLabels,
  dateOf,
  labelsOf,
  sameValue,
  secretsManagerVault,
  valueOf,
  type SecretValue,
  type StoredSecret,
  type Vault,
  type VaultOptions,
} from './secrets-manager-vault.ts';

export type SecretsManagerModel = SecretsManagerCalls & {
  readonly rotations: RotationControl;
  peek(arn: string): SecretTruth | undefined;
};

/**
 * Secrets Manager in memory: versions, labels, tokens and rotation state as reference facts C1–C18 say. It runs no rotation step itself:
 * `onRotate` is told to. Like the SDK it fills in a missing ClientRequestToken.
 */
export function secretsManagerModel(options: VaultOptions & RotationOptions): SecretsManagerModel {
  const { clock } = options;
  const vault = secretsManagerVault(options);
  const { calls, control } = secretsManagerRotation(vault, options);

  const save = saver(vault, control);

  return {
    ...calls,
    ...secretsManagerListing(vault, options.region),
    ...deletion(vault, clock),
    ...writing(vault, save, clock),
    ...tagging(vault, clock),
    rotations: control,
    peek: (arn) => truthOf(vault, arn, clock.now()),

    async createSecret(request) {
      const token = vault.token(request.ClientRequestToken);
      const value = valueOf(request);
      const name = newName(vault, request.Name);
      const existing = vault.named(name);
      if (existing !== undefined) return createdBefore(existing, token, value);
      const secret = vault.add(name, {
        description: request.Description,
        kmsKeyId: request.KmsKeyId,
        replicas: replicasOf(request),
      });
      setTags(secret, request.Tags ?? []);
      if (value !== undefined) save(secret, token, value, ['AWSCURRENT']);
      return { ARN: secret.arn, Name: name, ...(value && { VersionId: token }) };
    },

    async getSecretValue(request) {
      const secret = vault.readLive('getSecretValue', request.SecretId);
      const version = versionOf(secret, request);
      if (version.value === undefined) throw noValue(request);
      vault.accessed(secret.arn, version.id);
      return {
        ARN: secret.arn,
        Name: secret.name,
        VersionId: version.id,
        VersionStages: labelsOf(secret, version.id),
        CreatedDate: dateOf(version.createdAt),
        ...version.value,
      };
    },

    async updateSecretVersionStage(request) {
      const secret = vault.findLive(request.SecretId);
      moveStage(vault, secret, request);
      secret.changedAt = clock.now();
      return { ARN: secret.arn, Name: secret.name };
    },
  };
}

/** Adds the version, or fills the one that a rotation announced. */
type Save = (secret: StoredSecret, token: string, value: SecretValue, stages: readonly string[]) => void;

function saver(vault: Vault, control: RotationControl): Save {
  return (secret, token, value, stages) => {
    const isFirst = secret.versions.size === 0;
    const announced = secret.versions.get(token);
    checkLabels(secret, stages);
    if (announced === undefined) {
      control.savedByHand(secret, token);
      vault.addVersion(secret, token, value);
    } else {
      announced.value = value;
    }
    for (const stage of new Set(isFirst ? [...stages, 'AWSCURRENT'] : stages)) vault.attach(secret, stage, token);
  };
}

function writing(vault: Vault, save: Save, clock: Clock) {
  return {
    async putSecretValue(request: PutSecretValueRequest) {
      const secret = vault.findLive(request.SecretId);
      const token = vault.token(request.ClientRequestToken);
      const stages = request.VersionStages ?? ['AWSCURRENT'];
      const value = valueOf(request);
      if (value === undefined) throw invalidRequest('You must provide either SecretString or SecretBinary.');
      checkStages(stages);
      const existing = secret.versions.get(token)?.value;
      if (existing === undefined) save(secret, token, value, stages);
      else if (!sameValue(existing, value)) throw immutable();
      return { ARN: secret.arn, Name: secret.name, VersionId: token, VersionStages: labelsOf(secret, token) };
    },

    async updateSecret(request: UpdateSecretRequest) {
      const secret = vault.findLive(request.SecretId);
      const token = vault.token(request.ClientRequestToken);
      const value = valueOf(request);
      if (value !== undefined && secret.versions.has(token)) throw immutable();
      if (request.Description !== undefined) secret.description = request.Description;
      if (request.KmsKeyId !== undefined) secret.kmsKeyId = request.KmsKeyId;
      secret.changedAt = clock.now();
      if (value !== undefined) save(secret, token, value, ['AWSCURRENT']);
      return { ARN: secret.arn, Name: secret.name, ...(value && { VersionId: token }) };
    },
  };
}

function newName(vault: Vault, name: string | undefined): string {
  if (name === undefined || !/^[\w/+=.@!-]{1,512}$/.test(name)) {
    throw validation(
      'Invalid name. Must be a valid name containing alphanumeric characters, or any of the following: -/_+=.@!',
    );
  }
  if (vault.named(name)?.deletionAt !== undefined) {
    throw invalidRequest(
      "You can't create this secret because a secret with this name is already scheduled for deletion.",
    );
  }
  return name;
}

/** The same creation again is a success. */
function createdBefore(secret: StoredSecret, token: string, value: SecretValue | undefined) {
  const existing = secret.versions.get(token)?.value;
  if (value !== undefined && existing !== undefined && sameValue(existing, value)) {
    return { ARN: secret.arn, Name: secret.name, VersionId: token };
  }
  throw exists(`The operation failed because the secret ${secret.name} already exists.`);
}

const replicasOf = ({ AddReplicaRegions: replicas = [] }: CreateSecretRequest) =>
  replicas.flatMap(({ Region: region }) => (region === undefined ? [] : [region]));

const immutable = () => exists("You can't modify an existing version, you can only create a new version.");

const dayMs = 86_400_000;

function deletion(vault: Vault, clock: Clock) {
  return {
    async deleteSecret(request: DeleteSecretRequest) {
      const { ForceDeleteWithoutRecovery: force = false, RecoveryWindowInDays: days } = request;
      const secret = vault.findLive(request.SecretId);
      if (force && days !== undefined) {
        throw invalidParameter("You can't use ForceDeleteWithoutRecovery in conjunction with RecoveryWindowInDays.");
      }
      if (days !== undefined && (days < 7 || days > 30)) {
        throw invalidParameter('The RecoveryWindowInDays value must be between 7 and 30 days (inclusive).');
      }
      secret.deletionAt = clock.now() + (force ? 0 : (days ?? 30) * dayMs);
      return { ARN: secret.arn, Name: secret.name, DeletionDate: dateOf(secret.deletionAt) };
    },

    async restoreSecret(request: { SecretId: string | undefined }) {
      const secret = vault.find(request.SecretId);
      secret.deletionAt = undefined;
      return { ARN: secret.arn, Name: secret.name };
    },
  };
}

// Any change counts: `LastChangedDate` is when the secret was modified in any way.
function tagging(vault: Vault, clock: Clock) {
  return {
    async tagResource(request: { SecretId: string | undefined; Tags: Tag[] | undefined }) {
      const secret = vault.findLive(request.SecretId);
      setTags(secret, request.Tags ?? []);
      secret.changedAt = clock.now();
      return {};
    },

    async untagResource(request: { SecretId: string | undefined; TagKeys: string[] | undefined }) {
      const secret = vault.findLive(request.SecretId);
      for (const key of request.TagKeys ?? []) secret.tags.delete(key);
      secret.changedAt = clock.now();
      return {};
    },
  };
}

function setTags(secret: StoredSecret, tags: readonly Tag[]): void {
  const added = tags.map(({ Key: key = '', Value: value = '' }) => {
    if (key === '' || key.length > 128 || key.startsWith('aws:') || value.length > 256) {
      throw invalidParameter(
        'A tag key has 1 to 128 characters and does not begin with aws:; a value has at most 256.',
      );
    }
    return [key, value] as const;
  });
  if (new Set([...secret.tags.keys(), ...added.map(([key]) => key)]).size > 50) {
    throw invalidParameter('A secret has at most 50 tags.');
  }
  for (const [key, value] of added) secret.tags.set(key, value);
}
