import type { Capabilities } from './credential-provider.ts';
import type { SetUp } from './provider-fixture.ts';

/** Which tests apply to a provider: what it claims and denies, and what its fixture can show. */
export type Traits = Omit<Capabilities, 'propagationMs' | 'revocationMs'> & Readonly<Record<Shown | Told, boolean>>;
type Told =
  | 'tellsSecret'
  | 'entitlements'
  | 'locates'
  | 'overlaps'
  | 'disabled'
  | 'expired'
  | 'keysByTarget'
  | 'marksLater'
  | 'entitlesLater';
type Shown = 'manualEntitlement' | 'maxKeys' | 'switchOff' | 'unprobed' | 'acceptAnything' | 'faults';

export async function traitsOf(setUp: SetUp): Promise<Traits> {
  const fixture = await setUp();
  const capabilities = await fixture.provider.describe();
  await fixture.close();
  const can = (name: Shown) => fixture[name] !== undefined;
  return {
    ...capabilities,
    // Two keys of a target work at the same time.
    overlaps: capabilities.overlap !== 'none',
    locates: fixture.locates !== false,
    tellsSecret: fixture.tellsSecret,
    entitlements: fixture.entitlements.length > 0,
    disabled: fixture.lacks?.includes('disabled') !== true,
    expired: fixture.lacks?.includes('expired') !== true,
    keysByTarget: fixture.keysByTarget === true,
    entitlesLater: fixture.entitlesNewKeysAlone !== true,
    marksLater: capabilities.mark && fixture.marksNewKeysAlone !== true,
    manualEntitlement: can('manualEntitlement'),
    maxKeys: can('maxKeys'),
    switchOff: can('switchOff'),
    unprobed: can('unprobed'),
    acceptAnything: can('acceptAnything'),
    faults: can('faults'),
  };
}
