import { APIGatewayClient, type APIGatewayClientConfig } from '@aws-sdk/client-api-gateway';

type ClientOptions = {
  /** Of a VPC endpoint or a local AWS; none: the Region's. */
  readonly endpoint?: string | undefined;
  /** Region and credentials come from the environment unless they are given. */
  readonly region?: string | undefined;
  readonly credentials?: { readonly accessKeyId: string; readonly secretAccessKey: string } | undefined;
  /** Who carries the calls; the network unless given. */
  readonly requestHandler?: APIGatewayClientConfig['requestHandler'] | undefined;
};

// Without throwOnRequestTimeout the SDK only warns when the time is over.
const timeouts = { connectionTimeout: 3_000, requestTimeout: 10_000, throwOnRequestTimeout: true };

/** One attempt a call: who repeats it and when is decided in aws-caller.ts. */
export function apiGatewayClient({
  endpoint,
  region,
  credentials,
  requestHandler,
}: ClientOptions = {}): APIGatewayClient {
  return new APIGatewayClient({
    ...(endpoint === undefined ? {} : { endpoint }),
    ...(region === undefined ? {} : { region }),
    ...(credentials === undefined ? {} : { credentials }),
    maxAttempts: 1,
    requestHandler: requestHandler ?? timeouts,
  });
}
