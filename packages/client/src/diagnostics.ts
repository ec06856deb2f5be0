import { channel } from 'node:diagnostics_channel';

import type { Report } from './report.ts';

const diagnostics = channel('keyturn:client');

/** Tells the diagnostics channel `keyturn:client`: `createSecrets({ report: toChannel })`. */
export const toChannel: Report = (type, secretId, facts) => diagnostics.publish({ type, secretId, ...facts });
