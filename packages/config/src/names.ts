import type { Config } from './config.ts';
import { entry } from './entry.ts';

/** What a stage's resources are called on AWS. The template gives them the same names. */
export function resourceNames(stage: string) {
  const base = `keyturn-${stage}`;
  return { bus: base, table: base, fleetParameter: `/keyturn/${stage}/fleet`, announcerQueue: `${base}-announcer` };
}

export function functionNames(stage: string) {
  const base = `keyturn-${stage}`;
  return {
    /** One of serverless.yml, such as `announcer`. */
    own: (name: string) => `${base}-${name}`,
    rotationHandler: `${base}-rotation-handler`,
    notifier: `${base}-notifier`,
    issue: (providerId: string) => `${base}-${providerId}-issue`,
    retire: (providerId: string) => `${base}-${providerId}-retire`,
  };
}

/** What to invoke for a configured provider: the functions that Keyturn deployed, by name, or those of another team, by ARN. */
export function adapterFunctions({ stage, providers }: Pick<Config, 'stage' | 'providers'>) {
  const names = functionNames(stage);
  const named = (duty: 'issue' | 'retire') => (providerId: string) => {
    const provider = entry(providers, providerId);
    return provider?.kind === 'custom' ? provider.functions[duty] : names[duty](providerId);
  };
  return { issue: named('issue'), retire: named('retire') };
}

/** Logged by each sweep while the breaker holds the fleet; an alarm counts it. */
export const breakerLogLine = 'The breaker holds the fleet paused';
