import type {
  DescribeSecretResponse,
  Filter,
  ListSecretsRequest,
  ListSecretsResponse,
  ListSecretVersionIdsRequest,
  ListSecretVersionIdsResponse,
} from '@aws-sdk/client-secrets-manager';

import { SecretsManagerRefusal, validation } from './secrets-manager-refusal.ts';
import { dateOf, dayOf, labelsOf, type StoredSecret, type Vault } from './secrets-manager-vault.ts';

/** The operations that read many secrets or versions, and what is said of one. */
export function secretsManagerListing(vault: Vault, region: string) {
  return {
    async describeSecret(request: { SecretId: string | undefined }): Promise<DescribeSecretResponse> {
      const secret = vault.read('describeSecret', request.SecretId);
      return {
        ...facts(secret, region),
        VersionIdsToStages: stagesOf(secret),
        ...(secret.replicas.length > 0 && {
          ReplicationStatus: secret.replicas.map((replica) => ({ Region: replica, Status: 'InSync' })),
        }),
      };
    },

    async listSecrets(request: ListSecretsRequest): Promise<ListSecretsResponse> {
      const listed = vault
        .seen('listSecrets')
        .filter((secret) => secret.deletionAt === undefined || request.IncludePlannedDeletion === true)
        .filter((secret) => (request.Filters ?? []).every((filter) => passes(secret, filter)))
        .sort((a, b) => order(a, b, request.SortBy) * (request.SortOrder === 'desc' ? -1 : 1));
      const page = pageOf(listed, request);
      return {
        SecretList: page.items.map((secret) => ({
          ...facts(secret, region),
          SecretVersionsToStages: stagesOf(secret),
        })),
        NextToken: page.next,
      };
    },

    async listSecretVersionIds(request: ListSecretVersionIdsRequest): Promise<ListSecretVersionIdsResponse> {
      const secret = vault.read('listSecretVersionIds', request.SecretId);
      const listed = [...secret.versions.values()].filter(
        ({ id }) => request.IncludeDeprecated === true || labelsOf(secret, id).length > 0,
      );
      const page = pageOf(listed, request);
      const versions = page.items.map((version) => ({
        VersionId: version.id,
        VersionStages: labelsOf(secret, version.id),
        CreatedDate: dateOf(version.createdAt),
        LastAccessedDate: dayOf(version.accessedAt),
      }));
      return { ARN: secret.arn, Name: secret.name, Versions: versions, NextToken: page.next };
    },
  };
}

function facts(secret: StoredSecret, region: string) {
  const { rotation } = secret;
  const rotates = rotation?.enabled === true;
  return {
    ARN: secret.arn,
    Name: secret.name,
    Description: secret.description,
    KmsKeyId: secret.kmsKeyId,
    RotationEnabled: rotation?.enabled,
    RotationLambdaARN: rotation?.lambdaArn,
    RotationRules: rotation?.rules,
    LastRotatedDate: rotates ? dateOf(secret.lastRotatedAt) : undefined,
    NextRotationDate: rotates ? dateOf(secret.nextRotationAt) : undefined,
    LastChangedDate: dateOf(secret.changedAt),
    LastAccessedDate: dayOf(secret.accessedAt),
    CreatedDate: dateOf(secret.createdAt),
    DeletedDate: dateOf(secret.deletionAt),
    PrimaryRegion: secret.replicas.length > 0 ? region : undefined,
    Tags: [...secret.tags].map(([Key, Value]) => ({ Key, Value })),
  };
}

/** Versions without a label are not told. */
function stagesOf(secret: StoredSecret): Record<string, string[]> {
  return Object.fromEntries([...new Set(secret.labels.values())].map((id) => [id, labelsOf(secret, id)]));
}

function passes(secret: StoredSecret, filter: Filter): boolean {
  const texts = textsOf(secret, filter.Key);
  const anywhere = filter.Key === 'all';
  const fits = (value: string) =>
    texts.some((text) => (anywhere ? text.toLowerCase().includes(value.toLowerCase()) : text.startsWith(value)));
  return (filter.Values ?? []).some((value) => (value.startsWith('!') ? !fits(value.slice(1)) : fits(value)));
}

function textsOf(secret: StoredSecret, key: Filter['Key']): readonly string[] {
  const description = secret.description === undefined ? [] : [secret.description];
  const tags = [...secret.tags];
  switch (key) {
    case 'name':
      return [secret.name];
    case 'description':
      return description;
    case 'tag-key':
      return tags.map(([name]) => name);
    case 'tag-value':
      return tags.map(([, value]) => value);
    case 'all':
      return [secret.name, ...description, ...tags.flat()];
    case 'primary-region':
    case 'owning-service':
      return [];
    case undefined:
    default:
      throw validation(`Value '${String(key)}' at 'filters.1.member.key' failed to satisfy constraint`);
  }
}

function order(a: StoredSecret, b: StoredSecret, by: ListSecretsRequest['SortBy']): number {
  if (by === 'name') return a.name < b.name ? -1 : 1;
  if (by === 'last-changed-date') return a.changedAt - b.changedAt;
  if (by === 'last-accessed-date') return (a.accessedAt ?? 0) - (b.accessedAt ?? 0);
  return a.createdAt - b.createdAt;
}

type Page = { readonly MaxResults?: number | undefined; readonly NextToken?: string | undefined };

function pageOf<T>(all: readonly T[], { MaxResults: size = 100, NextToken: token }: Page) {
  if (!Number.isInteger(size) || size < 1 || size > 100)
    throw validation("Value at 'maxResults' must be between 1 and 100");
  const start = Number.parseInt(token === undefined ? '0' : Buffer.from(token, 'base64').toString(), 10);
  if (Number.isNaN(start)) throw new SecretsManagerRefusal('InvalidNextTokenException', 'Invalid NextToken.');
  const end = start + size;
  const next = end < all.length ? Buffer.from(String(end)).toString('base64') : undefined;
  return { items: all.slice(start, end), next };
}
