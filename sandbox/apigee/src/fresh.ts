import { randomBytes, randomUUID } from 'node:crypto';
import type { SimulatorOptions } from './simulator.ts';

/** What nothing had before. All that the simulator makes up comes from here, but for the key pair of the service account. */
export type Fresh = {
  /** Of so many random bytes; for what is secret: keys, passwords, tokens. */
  text: (bytes: number) => string;
  /** For what is not. */
  id: () => string;
};

export const freshOf = ({ newText, newId }: Pick<SimulatorOptions, 'newText' | 'newId'>): Fresh => ({
  text: newText ?? ((bytes) => randomBytes(bytes).toString('base64url')),
  id: newId ?? randomUUID,
});
