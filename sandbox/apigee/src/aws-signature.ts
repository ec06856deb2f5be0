import { createHash, createHmac, timingSafeEqual } from 'node:crypto';

export type SignedRequest = { url: string; method: string; headers: ReadonlyMap<string, string> };
export type AwsKeys = { accessKeyId: string; secretAccessKey: string; sessionToken: string };

type Claimed = { id: string; scope: string; names: readonly string[]; signature: string; at: string };

const skewMs = 900_000;

/**
 * What AWS would find wrong with a request without a body that is signed by Signature Version 4 with these keys, in the code that it answers with;
 * undefined: nothing. `mustSign`: headers that have to be part of what is signed.
 */
export function signatureFault(request: SignedRequest, keys: AwsKeys, mustSign: readonly string[]): string | undefined {
  const { headers } = request;
  const claimed = claimedBy(headers);
  if (claimed === undefined) {
    return 'IncompleteSignature';
  }
  if (claimed.id !== keys.accessKeyId || headers.get('x-amz-security-token') !== keys.sessionToken) {
    return 'InvalidClientTokenId';
  }
  // The wall clock, by which google-auth-library signs.
  if (!(Math.abs(Date.now() - millisecondsOf(claimed.at)) < skewMs)) {
    return 'RequestExpired';
  }
  const made = signatureOf(request, claimed, keys.secretAccessKey);
  return isMeant(request, claimed, mustSign) && timingSafeEqual(made, Buffer.from(claimed.signature, 'hex'))
    ? undefined
    : 'SignatureDoesNotMatch';
}

/** Whether what was signed is this request, to this host, on this day. */
function isMeant({ url, headers }: SignedRequest, { scope, names, at }: Claimed, mustSign: readonly string[]): boolean {
  const { host } = new URL(url);
  const [service = '', region = ''] = host.split('.');
  return (
    scope === `${at.slice(0, 8)}/${region}/${service}/aws4_request` &&
    headers.get('host') === host &&
    ['host', 'x-amz-date', ...mustSign].every((name) => names.includes(name))
  );
}

function claimedBy(headers: ReadonlyMap<string, string>): Claimed | undefined {
  const { id, scope, signed, signature } =
    /^AWS4-HMAC-SHA256 Credential=(?<id>[^/]+)\/(?<scope>[^,]+), SignedHeaders=(?<signed>[^,]+), Signature=(?<signature>[0-9a-f]{64})$/u.exec(
      headers.get('authorization') ?? '',
    )?.groups ?? {};
  if (id === undefined || scope === undefined || signed === undefined || signature === undefined) {
    return undefined;
  }
  return { id, scope, names: signed.split(';'), signature, at: headers.get('x-amz-date') ?? '' };
}

function signatureOf(
  { url, method, headers }: SignedRequest,
  { names, at, scope }: Claimed,
  secretAccessKey: string,
): Buffer {
  const { pathname, searchParams } = new URL(url);
  searchParams.sort();
  const lines = names.map((name) => `${name}:${(headers.get(name) ?? '').trim()}\n`).join('');
  const canonical = [method, pathname, searchParams.toString(), lines, names.join(';'), hash('')].join('\n');
  const toSign = ['AWS4-HMAC-SHA256', at, scope, hash(canonical)].join('\n');
  const key = scope.split('/').reduce<string | Buffer>(mac, `AWS4${secretAccessKey}`);
  return mac(key, toSign);
}

const hash = (text: string): string => createHash('sha256').update(text).digest('hex');
const mac = (key: string | Buffer, text: string): Buffer => createHmac('sha256', key).update(text).digest();
const millisecondsOf = (at: string): number =>
  Date.parse(at.replace(/^(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z$/u, '$1-$2-$3T$4:$5:$6Z'));
