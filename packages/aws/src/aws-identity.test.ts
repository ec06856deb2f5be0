import { expect, test } from 'vitest';

import { sdkIdentity } from './aws-identity.ts';
import { awsClients } from './clients.ts';
import { renderings } from './renderings.ts';

test('is who the client of the SDK signs as', async () => {
  const credentials = { accessKeyId: 'ASIA1', secretAccessKey: 'canary', sessionToken: 'canary-session' };
  const identity = await sdkIdentity(awsClients({ region: 'eu-west-1', credentials }).secretsManager());

  expect(identity).toMatchObject({ region: 'eu-west-1', accessKeyId: 'ASIA1' });
  expect(identity.secretAccessKey.reveal()).toBe('canary');
  expect(identity.sessionToken?.reveal()).toBe('canary-session');
  expect(JSON.stringify(identity)).not.toContain('canary');
});

test('a user has no session', async () => {
  const credentials = { accessKeyId: 'AKIA1', secretAccessKey: 'canary' };
  const identity = await sdkIdentity(awsClients({ region: 'eu-west-1', credentials }).secretsManager());

  expect(identity.sessionToken).toBeUndefined();
});

test('where the SDK finds nobody, nothing of what it says is told', async () => {
  const { config } = awsClients({ region: 'eu-west-1' }).secretsManager();
  const nobody = { ...config, credentials: () => Promise.reject(new SyntaxError('"canary" is not JSON')) };

  const error: unknown = await sdkIdentity({ config: nobody }).catch((caught: unknown) => caught);

  expect(error).toMatchObject({ name: 'TransientError' });
  expect(renderings(error)).not.toContain('canary');
});
