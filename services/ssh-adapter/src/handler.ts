import { awsClients } from '@keyturn/aws/clients';
import { entry } from '@keyturn/config/entry';
import { serveIssue, serveRetire } from '@keyturn/credential-provider/serve-provider';
import { readEnv } from '@keyturn/lambda/env';
import { loadConfig } from '@keyturn/lambda/load-config';
import { onInvoke } from '@keyturn/lambda/on-invoke';
import { systemClock } from '@keyturn/lambda/system-clock';
import { systemRandomBytes } from '@keyturn/lambda/system-random';
import { PermanentError } from '@keyturn/rotation/errors';
import * as z from 'zod';

import { documentName } from './host-document.ts';
import { sdkSsm } from './sdk-ssm.ts';
import { sshLogin } from './ssh-login.ts';
import { sshIssue, sshRetire } from './ssh-provider.ts';

const service = 'ssh-adapter';
const env = readEnv({ KEYTURN_CONFIG: z.string(), PROVIDER_ID: z.string(), AWS_ENDPOINT_URL: z.string().optional() });
const { providers, stage } = loadConfig(env.KEYTURN_CONFIG);
const config = entry(providers, env.PROVIDER_ID);
if (config?.kind !== 'ssh') {
  throw new PermanentError('misconfigured', 'The configuration has no such provider', { field: 'PROVIDER_ID' });
}
const options = {
  config,
  ssm: sdkSsm(awsClients({ endpoint: config.ssmUrl ?? env.AWS_ENDPOINT_URL }).ssm()),
  documents: {
    issue: documentName(stage, env.PROVIDER_ID, 'issue'),
    retire: documentName(stage, env.PROVIDER_ID, 'retire'),
  },
  login: sshLogin,
  clock: systemClock,
  randomBytes: systemRandomBytes,
};

// The payload holds keys; only what is asked for may be logged.
const asked = z.object({ operation: z.string().regex(/^[a-z]{1,20}$/) });
const about = (payload: unknown) => ({ operation: asked.safeParse(payload).data?.operation });

/** Looks and issues. Called by rotation-handler, verifier and cleanup. */
export const issue = onInvoke({ service, handle: serveIssue(sshIssue(options)), about });

/** Disables, enables and removes. Called by cleanup, and by a person's `keyturn rollback`. */
export const retire = onInvoke({ service, handle: serveRetire(sshRetire(options)), about });
