import { ApigeeError } from './apigee-error.ts';
import { type Dialect, noContent } from './dialect.ts';
import { googleError } from './google-error.ts';
import { googleJson } from './google-json.ts';
import { jsonAnswer } from './loopback-server.ts';
import type { Unsettled } from './simulator.ts';

const forbidden = (resource: string): ApigeeError =>
  new ApigeeError(403, `Permission denied on resource "${resource}" (or it may not exist)`);

/** Numbers its errors, as Google does for its support. */
function numberedErrors(): Dialect['error'] {
  let last = 4_470_000_000;
  return (error) => googleError(error, String((last += 1)));
}

/** X and hybrid. */
export const googleDialect = (unsettled: Unsettled): Dialect => ({
  ownerKinds: ['developer', 'appGroup'],
  json: googleJson,
  error: numberedErrors(),
  // Permission comes before existence: another organization is forbidden, not unknown.
  refuse(access, { sent, known }) {
    if (access === 'unknown') {
      return new ApigeeError(401, 'Request had invalid authentication credentials. Expected OAuth 2 access token.');
    }
    return access === 'no-permission' || sent !== known ? forbidden(`organizations/${sent}`) : undefined;
  },
  forbidden,
  rules: {
    keysPerApp: 10,
    generatedBytes: { key: 36, secret: 48 },
    importExpires: true,
    createdStatus: unsettled.createdStatus ?? 200,
    createKeepsAttributes: unsettled.createKeepsAttributes ?? false,
    unknownProductStatus: unsettled.unknownProductStatus ?? 404,
    productlessMint: unsettled.productlessMint ?? 'key',
    companyPostMints: unsettled.companyPostMints ?? true,
    groupKeyKeepsUntold: unsettled.groupKeyKeepsUntold ?? false,
    keyAction: (key) => (unsettled.keyActionStatus === 200 ? jsonAnswer(200, googleJson.key(key)) : noContent()),
    productAction: () => jsonAnswer(200, {}),
  },
});
