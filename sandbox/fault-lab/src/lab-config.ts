import type { Config } from '@keyturn/config/config';
import { parseConfig } from '@keyturn/config/parse-config';

export const minute = 60_000;
export const hour = 60 * minute;

/** Short times, so that a run is short; what they have to be to each other holds as anywhere. */
const text = `
stage: lab
providers:
  lab:
    kind: apigee
    organization: lab
    adminSecret: keyturn/admin
    propagation: 30s
    revocation: 3m
shapes:
  pair: { keyId: /key, secret: /secret }
readers:
  cached: { refresh: 1h, staleOnError: 30m }
policies:
  standard: { grace: 3h, soak: 6h, accepts: 3, schedule: rate(30 days), readers: [cached] }
routes:
  default: { mail: [platform@acme.example] }
  orders: { mail: [orders@acme.example] }
notifications: { mail: { from: keyturn@acme.example } }
runbooks: https://runbooks.acme.example
timing: { toleratedSkew: 5m, eventLag: 5m, orphanMinAge: 1h, holdRetry: 1h }
`;

let parsed: Config | undefined;

export function labConfig(): Config {
  parsed ??= parseConfig(text);
  return parsed;
}

export const graceMs = 3 * hour;
/** Applications keep what they read for so long, and for so much longer while Secrets Manager does not answer. */
export const refreshMs = hour;
export const staleOnErrorMs = 30 * minute;
