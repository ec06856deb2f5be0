import type { ApigeeError } from './apigee-error.ts';
import type { Access } from './authenticate.ts';
import type { Answer } from './loopback-server.ts';
import type { Key, OwnerKind } from './organization.ts';
import type { ResourceJson } from './resource-json.ts';
import type { Unsettled } from './simulator.ts';

/** In what the flavours of the management API differ behind the same calls. */
export type Dialect = {
  ownerKinds: readonly OwnerKind[];
  json: ResourceJson;
  error: (error: ApigeeError) => Answer;
  /** What keeps a caller out of the organization that the path names; undefined lets it in. */
  refuse: (access: Access, organization: { sent: string; known: string }) => ApigeeError | undefined;
  /** For somebody who may do other things here, but not this. */
  forbidden: (resource: string) => ApigeeError;
  rules: Rules;
};

export type Rules = {
  keysPerApp: number;
  /** Random bytes behind a generated key; four characters are three of them. */
  generatedBytes: { key: number; secret: number };
  /** Whether a key that the caller chose may expire; Edge ignores the field. */
  importExpires: boolean;
  createdStatus: 200 | 201;
  createKeepsAttributes: boolean;
  unknownProductStatus: 400 | 404;
  productlessMint: NonNullable<Unsettled['productlessMint']>;
  companyPostMints: boolean;
  groupKeyKeepsUntold: boolean;
  /** The answer to approve and revoke of a key, and of a product on it. */
  keyAction: (key: Key) => Answer;
  productAction: () => Answer;
};

export const noContent = (): Answer => ({ status: 204 });
