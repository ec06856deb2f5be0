import { type AccessTokens, accessTokens } from './access-tokens.ts';
import type { AwsKeys } from './aws-signature.ts';
import type { Fresh } from './fresh.ts';
import { googleSts } from './google-sts.ts';
import { iamCredentials } from './iam-credentials.ts';
import { htmlAnswer, type Incoming } from './loopback-server.ts';
import type { WorkloadIdentity, WorkloadIdentityOptions } from './simulated-identity.ts';
import type { Served } from './surface.ts';

export type WorkloadIdentityServer = {
  serve: (incoming: Incoming) => Served;
  view: (baseUrl: string) => WorkloadIdentity;
};

/** `tokens` are those that the management API takes; federated ones are among them when there is no service account. */
export function workloadIdentityServer(
  options: WorkloadIdentityOptions,
  tokens: AccessTokens,
  { now, fresh }: { now: () => number; fresh: Fresh },
): WorkloadIdentityServer {
  const {
    audience = '//iam.googleapis.com/projects/123456/locations/global/workloadIdentityPools/keyturn/providers/aws',
    region = 'eu-west-1',
    serviceAccount = 'keyturn@acme.iam.gserviceaccount.com',
  } = options;
  const federated = serviceAccount === 'none' ? tokens : accessTokens(now, 3600, fresh);
  let keys = awsKeys(fresh);
  let roleAllowed = true;
  let impersonationAllowed = true;
  const exchange = googleSts({ audience, region, keys: () => keys, allowed: () => roleAllowed }, federated);
  const account = { email: serviceAccount, mayBeImpersonated: () => impersonationAllowed };
  const impersonate = iamCredentials(account, { federated, tokens }, now);
  return {
    serve(incoming) {
      const { method, path } = incoming;
      if (method === 'POST' && path === '/v1/token') {
        return { answer: exchange(incoming) };
      }
      const known = method === 'POST' && path.startsWith('/v1/projects/-/serviceAccounts/');
      return { answer: known ? impersonate(incoming) : htmlAnswer(404, '<!DOCTYPE html>\n<title>Error 404</title>\n') };
    },
    view: (baseUrl) => ({
      audience,
      stsUrl: `${baseUrl}/v1/token`,
      iamCredentialsUrl: `${baseUrl}/v1`,
      serviceAccount: serviceAccount === 'none' ? undefined : serviceAccount,
      region,
      awsKeys: () => keys,
      replaceAwsKeys() {
        keys = awsKeys(fresh);
      },
      allowRole(allowed) {
        roleAllowed = allowed;
      },
      allowImpersonation(allowed) {
        impersonationAllowed = allowed;
      },
    }),
  };
}

const awsKeys = ({ text, id }: Fresh): AwsKeys => ({
  accessKeyId: `ASIA${id().replaceAll('-', '').slice(0, 16).toUpperCase()}`,
  secretAccessKey: text(30),
  sessionToken: text(90),
});
