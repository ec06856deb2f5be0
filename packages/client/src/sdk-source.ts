import { sdkReader, type SdkSourceOptions } from './sdk-reader.ts';
import type { SecretSource } from './secret-source.ts';

export type { SdkSourceOptions } from './sdk-reader.ts';

/** Secrets Manager by `@aws-sdk/client-secrets-manager`, which is loaded at the first read. */
export function sdkSource(options: SdkSourceOptions = {}): SecretSource {
  const source = sdkReader(options);
  const { region } = options;
  if (!region) return source;
  const here = (id: string) => id.replace(/(?<=^arn:[^:]*:secretsmanager:)[^:]*/, region);
  return { ...source, here, get: (request) => source.get({ ...request, secretId: here(request.secretId) }) };
}
