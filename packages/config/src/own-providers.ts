import type { Config, OwnProviderConfig } from './config.ts';

/** The providers whose adapters Keyturn deploys, with their ids. */
export function ownProviders({
  providers,
}: Pick<Config, 'providers'>): readonly (readonly [string, OwnProviderConfig])[] {
  return Object.entries(providers).flatMap(([id, provider]) => (provider.kind === 'custom' ? [] : [[id, provider]]));
}
