import { createPrivateKey, X509Certificate } from 'node:crypto';
import { createServer } from 'node:https';

import { expect, onTestFinished, test, vi } from 'vitest';

import { send } from './send.ts';

// Of a server on localhost that nobody vouches for.
const key =
  'MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQgCzY6q8L9dWxR9AzfLPxc51JCq/o84WtDxCCv3lCZpY6hRANCAASz5/Fv5PATDlo0ssW4jjq11PykUuyAeyaLF6ZoZi1lDQNaGhO2QBDuGZzbTpzvcca3Z5oPmlkCSFUX3gp097O1';
const certificate =
  'MIIBlDCCATugAwIBAgIUZbOywLyCGRkuisZlaZYCRNcapLkwCgYIKoZIzj0EAwIwFDESMBAGA1UEAwwJbG9jYWxob3N0MCAXDTI2MTEyMTA5MjM1MFoYDzIxMjYxMDI4MDkyMzUwWjAUMRIwEAYDVQQDDAlsb2NhbGhvc3QwWTATBgcqhkjOPQIBBggqhkjOPQMBBwNCAASz5/Fv5PATDlo0ssW4jjq11PykUuyAeyaLF6ZoZi1lDQNaGhO2QBDuGZzbTpzvcca3Z5oPmlkCSFUX3gp097O1o2kwZzAdBgNVHQ4EFgQUmfb5QUj1ld61fdVTd8Deb9PJX/AwHwYDVR0jBBgwFoAUmfb5QUj1ld61fdVTd8Deb9PJX/AwDwYDVR0TAQH/BAUwAwEB/zAUBgNVHREEDTALgglsb2NhbGhvc3QwCgYIKoZIzj0EAwIDRwAwRAIga0oyBbXWc0un6ZN5iJiuB6a4lo7cMiDwwYRGlNvvW80CIADQA3b8qcSZcCbIV97dMAbkBe2x8ZXCMTHnPymwz/uT';

test('trusts no certificate that nobody vouches for, whatever the environment says', async () => {
  vi.stubEnv('NODE_TLS_REJECT_UNAUTHORIZED', '0');
  const server = createServer(
    {
      key: createPrivateKey({ key: Buffer.from(key, 'base64'), format: 'der', type: 'pkcs8' }).export({
        format: 'pem',
        type: 'pkcs8',
      }),
      cert: new X509Certificate(Buffer.from(certificate, 'base64')).toString(),
    },
    (_, response) => response.end('{}'),
  );
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve);
  });
  onTestFinished(() => {
    vi.unstubAllEnvs();
    server.close();
  });
  const address = server.address();
  const port = typeof address === 'object' ? address?.port : undefined;

  for (const freshConnection of [true, false]) {
    const failure = send(
      {
        operation: 'read',
        method: 'GET',
        baseUrl: `https://localhost:${port}`,
        path: '/',
        idempotent: true,
        freshConnection,
      },
      { clock: { now: () => 0, sleep: () => Promise.resolve() }, random: () => 0, allowHttp: [] },
    );

    await expect(failure).rejects.toMatchObject({ name: 'PermanentError', reason: 'misconfigured', field: 'url' });
    await expect(failure).rejects.toThrow('DEPTH_ZERO_SELF_SIGNED_CERT');
  }
});
