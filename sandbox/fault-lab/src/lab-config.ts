import type { Config } from '@keyturn/config/config';
import { parseConfig } from '@keyturn/config/parse-config';

export const minute = 60_000;
export const hour = 60 * minute;

/** Short times, so that a run is short; what they have to be to each other holds as anywhere. */
const stage = `
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
runbooks: https://runbooks.acme.example
timing: { toleratedSkew: 5m, eventLag: 5m, orphanMinAge: 1h, holdRetry: 1h }
`;
const byMail = `
routes:
  default: { mail: [platform@acme.example] }
  orders: { mail: [orders@acme.example] }
notifications: { mail: { from: keyturn@acme.example } }
`;
const byEveryWay = `
routes:
  default: { slack: C0PLATFORM, mail: [platform@acme.example], webhooks: [audit] }
  orders: { slack: C0ORDERS, mail: [orders@acme.example], webhooks: [audit] }
notifications:
  mail: { from: keyturn@acme.example }
  slack: { tokenSecret: keyturn/slack }
  webhooks:
    audit: { url: 'https://audit.acme.example/keyturn', secret: keyturn/audit, format: keyturn }
`;
/** Keyturn's own, by their names in the configuration. */
export const ownSecrets = { admin: 'keyturn/admin', slack: 'keyturn/slack', webhook: 'keyturn/audit' } as const;

const parsed = new Map<boolean, Config>();

/** `notifier`: owners are told by Slack and a webhook too, whose secrets the watchdog then looks after. */
export function labConfig({ notifier }: { readonly notifier: boolean }): Config {
  const known = parsed.get(notifier) ?? parseConfig(stage + (notifier ? byEveryWay : byMail));
  parsed.set(notifier, known);
  return known;
}

export const graceMs = 3 * hour;
/** From the end of its grace until a key is deleted: its soak, the margin for clocks, and a sweep for each step. */
export const longestEndMs = 6 * hour + 30 * minute;
/** Applications keep what they read for so long, and for so much longer while Secrets Manager does not answer. */
export const refreshMs = 60 * minute;
export const staleOnErrorMs = 30 * minute;
