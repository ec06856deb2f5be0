import type { GetSecretValueRequest, UpdateSecretVersionStageRequest } from '@aws-sdk/client-secrets-manager';

import { invalidParameter, invalidRequest, notFound, validation } from './secrets-manager-refusal.ts';
import type { StoredSecret, Vault } from './secrets-manager-vault.ts';

/** C8: a stage that is not on that version is another refusal than a version or stage that nobody knows. */
export function versionOf(secret: StoredSecret, request: GetSecretValueRequest) {
  const { VersionId: id, VersionStage: stage } = request;
  const staged = secret.labels.get(stage ?? 'AWSCURRENT');
  const version = secret.versions.get(id ?? staged ?? '');
  if (version === undefined) throw noValue(request);
  if (id !== undefined && stage !== undefined && staged !== id) {
    throw invalidRequest('You provided a VersionStage that is not associated to the provided VersionId.');
  }
  return version;
}

export const noValue = ({ VersionId: id, VersionStage: stage = 'AWSCURRENT' }: GetSecretValueRequest) =>
  notFound(
    `Secrets Manager can't find the specified secret value for ${id === undefined ? `staging label: ${stage}` : `VersionId: ${id}`}`,
  );

export function checkStages(stages: readonly string[]): void {
  if (stages.length < 1 || stages.length > 20) throw validation("Value at 'versionStages' must have 1 to 20 members");
  for (const stage of stages) checkStage(stage);
}

function checkStage(stage: string | undefined): string {
  if (stage !== undefined && stage.length >= 1 && stage.length <= 256) return stage;
  throw validation("Value at 'versionStage' must have 1 to 256 characters");
}

/** C6: a compare-and-set on where the label stands. */
export function moveStage(vault: Vault, secret: StoredSecret, request: UpdateSecretVersionStageRequest): void {
  const { RemoveFromVersionId: from, MoveToVersionId: to } = request;
  const stage = checkStage(request.VersionStage);
  checkVersion(secret, from);
  checkVersion(secret, to);
  checkPlace(stage, secret.labels.get(stage), from, to);
  if (to !== undefined) {
    vault.attach(secret, stage, to);
  } else if (stage === 'AWSCURRENT') {
    throw invalidParameter(
      "You can only move staging label AWSCURRENT to a different secret version. It can't be completely removed.",
    );
  } else {
    secret.labels.delete(stage);
  }
}

function checkVersion(secret: StoredSecret, id: string | undefined): void {
  if (id === undefined || secret.versions.has(id)) return;
  throw notFound(`Secrets Manager can't find the specified secret value for VersionId: ${id}`);
}

function checkPlace(stage: string, at: string | undefined, from: string | undefined, to: string | undefined): void {
  if (from === undefined && to === undefined) {
    throw invalidParameter('You must specify MoveToVersionId, RemoveFromVersionId or both.');
  }
  const place = at === undefined ? 'no version' : `version ${at}`;
  if (from !== undefined && from !== at) {
    throw invalidParameter(
      `The parameter RemoveFromVersionId doesn't match. Staging label ${stage} is currently attached to ${place}.`,
    );
  }
  if (from === undefined && at !== undefined && at !== to) {
    throw invalidParameter(
      `The parameter RemoveFromVersionId can't be empty. Staging label ${stage} is currently attached to ${place}, so you must explicitly reference that version in RemoveFromVersionId.`,
    );
  }
}
