import { readFileSync } from 'node:fs';
import { isAbsolute, join, relative, resolve } from 'node:path';

import { expiredBundles } from '@keyturn/config/ca-bundle';
import type { Config } from '@keyturn/config/config';
import { parseConfig } from '@keyturn/config/parse-config';

import * as z from 'zod';

import { busPolicy } from './acknowledgements.ts';
import { adapterArns, adapterFunctions, adapterRoles } from './adapters.ts';
import { alarms } from './alarms.ts';
import { channelPolicy } from './channels.ts';
import { compatibilityPolicy } from './compatibility.ts';
import { keyPolicies } from './encryption.ts';
import { functionExtensions } from './functions.ts';
import { hostDocuments } from './host-documents.ts';
import { placement } from './network.ts';
import { outputs } from './outputs.ts';
import { conditions, parameters } from './parameters.ts';
import { subscriptions } from './subscribers.ts';
import { watchdogPolicy } from './watchdog.ts';

/** As osls calls: an option that was not given is null. */
type Call = { readonly options?: { readonly stage?: string | null; readonly region?: string | null } };

const root = join(import.meta.dirname, '..');

/**
 * What serverless.yml and infra/*.yml take from the configuration of the stage: the file KEYTURN_CONFIG names, config/example.yaml without it.
 * Throws where the file and `--stage` disagree: the one decides what is deployed, the other where.
 */
export function stage({ options = {} }: Call = {}) {
  const { config, file } = configured();
  refuseOtherStage(config, options.stage, file);
  refuseExpiredBundles(config);
  const told = outputs(config, version());
  return {
    stage: config.stage,
    region: options.region ?? process.env['AWS_REGION'] ?? 'eu-central-1',
    ...packed(file),
    functions: adapterFunctions(config),
    // false: outside of any VPC.
    notifierVpc: placement(config.notifications.network).vpc ?? false,
    issueFunctionArns: adapterArns(config, 'issue'),
    retireFunctionArns: adapterArns(config, 'retire'),
    tags: config.deployment.tags,
    resources: {
      Parameters: parameters(config),
      Conditions: conditions,
      Resources: {
        ...adapterRoles(config),
        ...hostDocuments(config),
        ...channelPolicy(config),
        ...watchdogPolicy(config),
        ...compatibilityPolicy(config),
        ...keyPolicies(config),
        ...busPolicy(config),
        ...subscriptions(config),
        ...alarms(config),
        ...told.Resources,
      },
      Outputs: told.Outputs,
      extensions: functionExtensions(config),
    },
  };
}

/** The configuration that is deployed, and where it stands. */
export function configured(): { readonly config: Config; readonly file: string } {
  const file = resolve(process.env['KEYTURN_CONFIG'] ?? join(root, 'config/example.yaml'));
  return { config: parseConfig(readFileSync(file, 'utf8')), file };
}

export function version(): string {
  const file: unknown = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
  return z.object({ version: z.string() }).parse(file).version;
}

function refuseOtherStage(config: Config, wanted: string | null | undefined, file: string): void {
  if ((wanted ?? config.stage) === config.stage) return;
  throw new Error(
    `--stage says ${wanted}, ${file} says ${config.stage}. Name the configuration of that stage in KEYTURN_CONFIG.`,
  );
}

function refuseExpiredBundles(config: Config): void {
  const [expired] = expiredBundles(config, Date.now());
  if (expired !== undefined) throw new Error(`${expired.field} ${expired.message}`);
}

/** Every zip holds the file: inside the repository by its path from here, outside by its whole path without the first slash. */
function packed(file: string): { configFile: string; configPattern: string } {
  const fromRoot = relative(root, file);
  const outside = fromRoot.startsWith('..') || isAbsolute(fromRoot);
  const found = outside ? file : fromRoot;
  return {
    configFile: outside ? file.replace(/^\//, '') : fromRoot,
    configPattern: found.replaceAll(/[$()*+?[\]\\{|}!@]/g, String.raw`\$&`),
  };
}
