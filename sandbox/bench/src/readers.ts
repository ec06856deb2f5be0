import { SecretsProvider } from '@aws-lambda-powertools/parameters/secrets';
import { SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { createSecrets } from '@keyturn/client';
import { bridge } from '@keyturn/client/bridge';
import { sdkSource } from '@keyturn/client/sdk-source';
import middy from '@middy/core';
import secretsManager from '@middy/secrets-manager';

export type Call = (apiKey: string) => Promise<{ readonly status: number }>;

/** One way of reading a secret and calling with it. Each keeps to its own cache, as one process would. */
export type Reader = {
  readonly name: string;
  read(): Promise<string>;
  call(call: Call): Promise<{ readonly status: number }>;
};

type Maker = (endpoint: string) => Reader;

const configOf = (endpoint: string) => ({
  endpoint,
  region: 'eu-central-1',
  credentials: { accessKeyId: 'bench', secretAccessKey: 'bench' },
});

export const sdkClient = (endpoint: string) => new SecretsManagerClient(configOf(endpoint));

/** `maxAge` in seconds. */
export const powertools =
  (name: string, options: { readonly maxAge?: number; readonly retry?: boolean } = {}): Maker =>
  (endpoint) => {
    const { retry = false, ...age } = options;
    const provider = new SecretsProvider({ awsSdkV3Client: sdkClient(endpoint) });
    const read = async (forceFetch = false): Promise<string> => {
      const value = (await provider.get('stripe', { ...age, transform: 'json', forceFetch })) as { apiKey: string };
      return value.apiKey;
    };
    return {
      name,
      read: () => read(),
      async call(call) {
        const answer = await call(await read());
        return answer.status === 401 && retry ? call(await read(true)) : answer;
      },
    };
  };

export const middyReader = (endpoint: string): Reader => {
  const options = { AwsClient: SecretsManagerClient, awsClientOptions: configOf(endpoint) };
  const wrap = (run: (apiKey: string) => Promise<unknown>) =>
    middy()
      .use(
        secretsManager({
          ...options,
          fetchData: { stripe: 'stripe' },
          setToContext: true,
          disablePrefetch: true,
        }),
      )
      .handler(async (_: unknown, context: { stripe?: { apiKey: string } }) => run(context.stripe?.apiKey ?? ''));
  const context = () => ({ getRemainingTimeInMillis: () => 10_000 }) as never;
  const reading = wrap(async (apiKey) => apiKey);
  return {
    name: 'middy 6.4.5, default',
    read: async () => (await reading({}, context())) as string,
    call: async (call) => (await wrap(call)({}, context())) as { status: number },
  };
};

export const keyturn =
  (name: string, { windowMs }: { readonly windowMs?: number } = {}, ttlMs?: number): Maker =>
  (endpoint) => {
    const source = sdkSource({ client: sdkClient(endpoint) });
    const stripe = createSecrets({ source, ...(ttlMs !== undefined && { ttlMs }) }).secret('stripe');
    const keyOf = (value: { readonly [key: string]: unknown }): string => String(value['apiKey']);
    const options = windowMs === undefined ? {} : bridge({ windowMs });
    return {
      name,
      read: async () => keyOf(await stripe.get()),
      call: (call) => stripe.use((value) => call(keyOf(value)), options),
    };
  };
