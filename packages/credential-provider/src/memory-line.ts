import { PermanentError, TransientError } from '@keyturn/rotation/errors';

import type { Faults } from './provider-fixture.ts';

/** The way between an adapter and a provider in memory. Every call gives way once to other callers, as a real one does. */
export type MemoryLine = {
  read<T>(look: () => T): Promise<T>;
  write<T>(change: () => T): Promise<T>;
  readonly faults: Faults;
};

type Trouble = Parameters<Faults['always']>[0];

/** One call on its way to the provider. `name` says of what kind it is. */
export type MemoryReach = <T>(name: 'provider read' | 'provider write', run: () => T) => Promise<T>;

const straight: MemoryReach = async (_, run) => {
  await Promise.resolve();
  return run();
};

export function memoryLine(reach: MemoryReach = straight): MemoryLine {
  let trouble: Trouble | undefined;
  let untilLost = 0;
  let untilDown = 0;
  let down = false;

  const pass = () => {
    if (trouble !== undefined) throw errors[trouble]();
  };

  return {
    read: (look) =>
      reach('provider read', () => {
        pass();
        return look();
      }),
    write: (change) =>
      reach('provider write', () => {
        pass();
        untilDown -= 1;
        if (untilDown === 0) down = true;
        if (down) throw errors.unavailable();
        untilLost -= 1;
        const lost = untilLost === 0;
        const answer = change();
        if (lost) throw new TransientError('The provider did not answer');
        return answer;
      }),
    faults: {
      loseAnswer(nth) {
        untilLost = nth;
      },
      failBefore(nth) {
        untilDown = nth;
      },
      always(kind) {
        trouble = kind;
      },
      calm() {
        trouble = undefined;
        untilLost = 0;
        untilDown = 0;
        down = false;
      },
    },
  };
}

const errors: Readonly<Record<Trouble, () => Error>> = {
  throttled: () => new TransientError('The provider asks for patience', { retryAfterMs: 1000 }),
  unavailable: () => new TransientError('The provider is not available'),
  denied: () => new PermanentError('access-denied', 'The provider refuses our administrator', { field: 'adminSecret' }),
  nonsense: () => new PermanentError('provider-answer', 'The answer of the provider cannot be read'),
};
