/** The fleet flag: while it is paused nothing is disabled, deleted or cleared. Rotations go on, and each keeps its old key. */
export type Fleet = {
  /** Anything but the word `running` counts as paused, a missing parameter too. */
  paused(): Promise<boolean>;
  set(state: 'running' | 'paused'): Promise<void>;
};
