import type { KeyRef } from './keys.ts';
import type { Owner, Target } from './target.ts';

/** Paths below the organization, not encoded yet. */
export const ownerPath = ({ kind, name }: Owner): string[] => [kind, name];
export const appPath = ({ owner, app }: Target): string[] => [...ownerPath(owner), 'apps', app];
export const keyPath = (ref: KeyRef): string[] => [...appPath(ref), 'keys', ref.keyId.reveal()];
export const productPath = (ref: KeyRef, product: string): string[] => [...keyPath(ref), 'apiproducts', product];
