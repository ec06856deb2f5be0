import { randomBytes } from 'node:crypto';

/** 48 letters, digits, dashes and underscores, as long as what Apigee makes itself. */
export const randomText = (): string => randomBytes(36).toString('base64url');
