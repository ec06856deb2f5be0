import { ApigeeError } from './apigee-error.ts';
import { type Dialect, noContent } from './dialect.ts';
import { edgeError } from './edge-error.ts';
import { edgeJson } from './edge-json.ts';
import type { Unsettled } from './simulator.ts';

const forbidden = (resource: string): ApigeeError => new ApigeeError(401, `No permission on ${resource}`);

/** Edge and OPDK. Their 401 and 403 are swapped: 403 is a wrong login for this organization, 401 a right one without the permission. */
export const edgeDialect = (unsettled: Unsettled): Dialect => ({
  ownerKinds: ['developer', 'company'],
  json: edgeJson,
  error: (error) => edgeError(error, unsettled.refusalBody),
  refuse(access, { sent, known }) {
    if (access === 'unknown' || sent !== known) {
      return new ApigeeError(403, `The login is not valid for organization ${sent}`);
    }
    return access === 'no-permission' ? forbidden(`/organizations/${sent}`) : undefined;
  },
  forbidden,
  rules: {
    keysPerApp: 100,
    generatedBytes: { key: 24, secret: 12 },
    importExpires: false,
    createdStatus: unsettled.createdStatus ?? 201,
    createKeepsAttributes: unsettled.createKeepsAttributes ?? false,
    unknownProductStatus: unsettled.unknownProductStatus ?? 404,
    productlessMint: unsettled.productlessMint ?? 'key',
    companyPostMints: unsettled.companyPostMints ?? true,
    groupKeyKeepsUntold: unsettled.groupKeyKeepsUntold ?? false,
    keyAction: noContent,
    productAction: noContent,
  },
});
