import { sdkIdentity } from '@keyturn/aws/aws-identity';
import { awsClients } from '@keyturn/aws/clients';
import { sdkSecretsManager } from '@keyturn/aws/sdk-secrets-manager';
import { secretStore } from '@keyturn/aws/secrets-manager-store';
import { entry } from '@keyturn/config/entry';
import { serveIssue, serveRetire } from '@keyturn/credential-provider/serve-provider';
import { configuredNetwork } from '@keyturn/lambda/configured-network';
import { readEnv } from '@keyturn/lambda/env';
import { loadConfig } from '@keyturn/lambda/load-config';
import { onInvoke } from '@keyturn/lambda/on-invoke';
import { systemClock } from '@keyturn/lambda/system-clock';
import { systemRandom, systemRandomBytes } from '@keyturn/lambda/system-random';
import { PermanentError } from '@keyturn/rotation/errors';
import * as z from 'zod';

import { apigeeProvider } from './apigee-provider.ts';
import { authorizeBy } from './authorize.ts';

const service = 'apigee-adapter';
const env = readEnv({
  KEYTURN_CONFIG: z.string(),
  PROVIDER_ID: z.string(),
  AWS_ENDPOINT_URL: z.string().optional(),
});
const config = entry(loadConfig(env.KEYTURN_CONFIG).providers, env.PROVIDER_ID);
if (config?.kind !== 'apigee') {
  throw new PermanentError('misconfigured', 'The configuration has no such provider of kind apigee', {
    field: 'PROVIDER_ID',
  });
}
const clients = awsClients({ endpoint: env.AWS_ENDPOINT_URL });
const secretsManager = clients.secretsManager();
const secrets = secretStore(sdkSecretsManager(secretsManager));
const identity = () => sdkIdentity(secretsManager);
// Of everything but AWS itself, which is reached as the function is.
const network = configuredNetwork(config.network, { secrets, field: 'network' });
const common = { clock: systemClock, random: systemRandom, network };
const http = { ...common, allowHttp: config.allowHttp };
const provider = (duty: 'issue' | 'retire') =>
  apigeeProvider({
    ...common,
    randomBytes: systemRandomBytes,
    config,
    authorize: authorizeBy({ config, duty, secrets, identity, http }),
  });

// The payload holds keys; only what is asked for may be logged.
const asked = z.object({ operation: z.string().regex(/^[a-z]{1,20}$/) });
const about = (payload: unknown) => ({ operation: asked.safeParse(payload).data?.operation });

/** Looks and issues. Called by rotation-handler, verifier and cleanup. */
export const issue = onInvoke({ service, handle: serveIssue(provider('issue')), about });

/** Disables, enables and removes. Called by cleanup, and by a person's `keyturn rollback`. */
export const retire = onInvoke({ service, handle: serveRetire(provider('retire')), about });
