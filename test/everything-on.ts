import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { parseYaml } from '@keyturn/local-aws/serverless-variables';

import { root } from './source-files.ts';

const account = '111122223333';
const subscriber = (name: string, target: string) => ({ name, events: ['SecretRotated', 'RotationFailed'], target });

/** An adapter that another team deploys, in another account. */
export const teamFunctions = {
  issue: 'arn:aws:lambda:eu-central-1:444455556666:function:team-issue:live',
  retire: 'arn:aws:lambda:eu-central-1:444455556666:function:team-retire:live',
} as const;

/** A configuration, outside the repository, that uses all there is: providers of each kind, one of another team, groups of hosts, networks, a subscriber of each kind, key, boundary, path and tags. */
export function everythingOn(): { readonly file: string; readonly remove: () => void } {
  const folder = mkdtempSync(join(tmpdir(), 'keyturn-everything-'));
  const example = parseYaml(join(root, 'config/example.yaml')) as {
    providers: { apigee: object };
    notifications: object;
    readers: object;
    deployment?: object;
  };
  const network = {
    subnets: ['subnet-0a1b2c3d4e5f60718'],
    securityGroups: ['sg-0a1b2c3d4e5f60718'],
    proxy: 'http://proxy.corp.example:3128',
    proxySecret: 'keyturn/prod/proxy',
  };
  const partner = {
    ...example.providers.apigee,
    flavour: 'edge',
    orphans: 'reap',
    retireSecret: 'keyturn/prod/partner-retire',
    network,
  };
  const team = {
    kind: 'custom',
    functions: teamFunctions,
    propagation: '1m',
    revocation: '1m',
  };
  const apigateway = {
    kind: 'apigateway',
    endpointUrl: 'https://vpce-0a1b2c3d.apigateway.eu-central-1.vpce.amazonaws.com',
    network,
  };
  const vendor = {
    kind: 'token',
    adminSecret: 'keyturn/prod/vendor-master',
    masters: ['keyturn/prod/vendor-eu'],
    preset: 'oauth',
    parameters: { issuer: 'https://login.vendor.example', admin: 'https://admin.vendor.example' },
  };
  const hosts = {
    kind: 'ssh',
    groups: {
      web: { tag: { key: 'Role', values: ['web', 'web-canary'] }, user: 'deploy' },
      jobs: { tag: { key: 'Team', values: ['jobs'] }, user: 'jobs', file: '/etc/ssh/keys/jobs', offline: 'skip' },
    },
  };
  const config = {
    ...example,
    providers: { ...example.providers, partner, team, apigateway, vendor, hosts },
    notifications: { ...example.notifications, network },
    subscribers: [
      subscriber('queue', `arn:aws:sqs:eu-central-1:${account}:key-events`),
      subscriber('function', `arn:aws:lambda:eu-central-1:${account}:function:key-events`),
      subscriber('topic', `arn:aws:sns:eu-central-1:${account}:key-events`),
      subscriber('bus', 'arn:aws:events:eu-central-1:444455556666:event-bus/security'),
    ],
    readers: {
      ...example.readers,
      shop: { refresh: '5m', acknowledges: { accounts: ['444455556666', '777788889999'] } },
      billing: { refresh: '5m', acknowledges: { accounts: ['444455556666'], lapse: '100d' } },
    },
    compatibility: { secretRotation: true },
    deployment: {
      permissionsBoundary: `arn:aws:iam::${account}:policy/teams/boundary`,
      rolePath: '/teams/keyturn/',
      kmsKey: `arn:aws:kms:eu-central-1:${account}:key/0d079340-135a-48c6-95c2-41fb8f496c53`,
      logRetention: 365,
      tags: { 'cost-centre': '4711' },
      alarms: { mail: ['platform@example.com'], topic: `arn:aws:sns:eu-central-1:${account}:on-call` },
    },
  };
  const file = join(folder, 'everything on.yaml');
  writeFileSync(file, JSON.stringify(config));
  return { file, remove: () => rmSync(folder, { recursive: true }) };
}
