import type { Hidden } from '@keyturn/rotation/hidden';

export type Door = {
  readonly address: string;
  readonly port: number;
  readonly user: string;
  /** Type and key of each that the host may show; none other is talked to. */
  readonly hostKeys: readonly string[];
};

export type LoginOutcome = 'accepted' | 'refused' | 'other-host-key';

/** One login on a fresh connection, which ends at once. TransientError where nobody answers. */
export type Login = (door: Door, privateKey: Hidden) => Promise<LoginOutcome>;
