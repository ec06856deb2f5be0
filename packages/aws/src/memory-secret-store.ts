import type { SecretAdmin, SecretStore } from './secret-store.ts';
import { secretsManagerModel, type SecretsManagerModel } from './secrets-manager-model.ts';
import { secretStore } from './secrets-manager-store.ts';

type ModelOptions = Parameters<typeof secretsManagerModel>[0];
export type MemorySecretStoreOptions = Omit<ModelOptions, 'account' | 'region'> &
  Partial<Pick<ModelOptions, 'account' | 'region'>>;

/** The store over the model of Secrets Manager; `calls` is the model, for what a person or Secrets Manager itself does. */
export function memorySecretStore(
  options: MemorySecretStoreOptions,
): SecretStore & SecretAdmin & { readonly calls: SecretsManagerModel } {
  const calls = secretsManagerModel({ account: '111122223333', region: 'eu-west-1', ...options });
  return { ...secretStore(calls), calls };
}
