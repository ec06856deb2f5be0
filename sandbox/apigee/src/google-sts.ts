import * as z from 'zod';
import { type AccessTokens, cloudPlatform } from './access-tokens.ts';
import { type AwsKeys, type SignedRequest, signatureFault } from './aws-signature.ts';
import { type Answer, type Incoming, jsonAnswer } from './loopback-server.ts';

/** A provider of a workload identity pool, and the one role of AWS that it trusts. */
export type Provider = { audience: string; region: string; keys: () => AwsKeys; allowed: () => boolean };

const SubjectToken = z.object({
  url: z.string(),
  method: z.literal('POST'),
  headers: z.array(z.object({ key: z.string(), value: z.string() })),
});
const targetHeader = 'x-goog-cloud-target-resource';
const urn = 'urn:ietf:params:oauth';
const wanted = {
  grant_type: `${urn}:grant-type:token-exchange`,
  requested_token_type: `${urn}:token-type:access_token`,
  subject_token_type: 'urn:ietf:params:aws:token-type:aws4_request',
  scope: cloudPlatform,
};

/** Google's STS: a signed request to AWS that says who somebody is, for a federated token (RFC 8693). */
export function googleSts(provider: Provider, federated: AccessTokens): (incoming: Incoming) => Answer {
  return ({ headers, body }) => {
    const form = new URLSearchParams(body);
    if (!headers['content-type']?.startsWith('application/x-www-form-urlencoded')) {
      return refusal('invalid_request', 'The body is a form');
    }
    const [wrong] = Object.entries(wanted).find(([name, value]) => form.get(name) !== value) ?? [];
    if (wrong !== undefined) {
      return refusal('invalid_request', `Invalid value for "${wrong}".`);
    }
    if (form.get('audience') !== provider.audience) {
      return refusal('invalid_target', 'The target service indicated by the "audience" parameters is invalid.');
    }
    const request = signedRequest(form.get('subject_token') ?? '');
    if (request === undefined) {
      return refusal('invalid_request', 'Unable to parse the AWS subject token.');
    }
    const fault = callerFault(request, provider);
    if (fault !== undefined) {
      // AWS's own words, which name the access key at times.
      const message = `Received invalid AWS response of type ${fault} with error message: ${provider.keys().accessKeyId}`;
      return refusal('invalid_grant', message);
    }
    if (!provider.allowed()) {
      return refusal('unauthorized_client', 'The given credential is rejected by the attribute condition.');
    }
    const { token, expiresIn } = federated.issue([cloudPlatform]);
    const issued = { issued_token_type: wanted.requested_token_type, token_type: 'Bearer', expires_in: expiresIn };
    return jsonAnswer(200, { access_token: token, ...issued });
  };
}

/** What AWS, or Google before it asks AWS, finds wrong with the request. */
function callerFault(request: SignedRequest, { audience, region, keys }: Provider): string | undefined {
  if (request.url !== `https://sts.${region}.amazonaws.com?Action=GetCallerIdentity&Version=2011-06-15`) {
    return 'InvalidAction';
  }
  if (request.headers.get(targetHeader) !== audience) {
    return 'TargetResource';
  }
  return signatureFault(request, keys(), [targetHeader, 'x-amz-security-token']);
}

function signedRequest(subjectToken: string): SignedRequest | undefined {
  try {
    const { url, method, headers } = SubjectToken.parse(JSON.parse(decodeURIComponent(subjectToken)));
    return { url, method, headers: new Map(headers.map(({ key, value }) => [key, value])) };
  } catch {
    return undefined;
  }
}

const refusal = (error: string, description: string): Answer =>
  jsonAnswer(400, { error, error_description: description });
