import type { PolicyConfig, ProviderConfig } from './config.ts';

/** Where nobody can use the new key to see that a node knows it, it waits twice as long as the slowest node should need. */
export const holdOffFactor = ({ verification }: Pick<PolicyConfig, 'verification'>): number =>
  verification === 'controlPlane' ? 2 : 1;

/** The shortest hold-off of a policy with a provider, in milliseconds. */
export const leastHoldOff = (policy: Pick<PolicyConfig, 'verification'>, { propagation }: ProviderConfig): number =>
  holdOffFactor(policy) * propagation;
