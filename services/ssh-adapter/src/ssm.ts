/** A host that SSM manages. */
export type ManagedHost = {
  readonly id: string;
  /** Its agent was heard of within the last minutes. */
  readonly online: boolean;
  readonly address: string | undefined;
};

export type Tag = { readonly key: string; readonly values: readonly string[] };

export type HostCommand = {
  readonly document: string;
  readonly tag: Tag;
  readonly parameters: Readonly<Record<string, string>>;
};

export type HostAnswer = {
  readonly hostId: string;
  /** `silent`: the command did not reach it, or was ended before it answered. */
  readonly outcome: 'waiting' | 'answered' | 'silent';
  /** The beginning of what it printed. */
  readonly output: string;
};

/** Commands on hosts by AWS Systems Manager, as far as this adapter needs it. Errors: PermanentError, TransientError. */
export type Ssm = {
  /** Every managed host that bears the tag, also those that are off. */
  hosts(tag: Tag): Promise<readonly ManagedHost[]>;
  /** Has every host with the tag run the document; answers with the id of the command. A host that is not reached within half a minute does not run it. */
  send(command: HostCommand): Promise<string>;
  answers(commandId: string): Promise<readonly HostAnswer[]>;
  /** All that one host printed. */
  output(commandId: string, hostId: string): Promise<string>;
};
