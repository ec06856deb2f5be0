import type { OpenedSdk } from './sdk-reader.ts';

/** A label of a version. Without one, a secret is read at `AWSCURRENT`. */
export type Stage = 'AWSCURRENT' | 'AWSPENDING' | 'AWSPREVIOUS' | (string & {});

export type SecretRequest = {
  /** Name or ARN, as the application wrote it. */
  readonly secretId: string;
  readonly stage?: Stage | undefined;
  readonly versionId?: string | undefined;
  /** A cache on the way must not answer: somebody knows, or suspects, that the secret has changed. */
  readonly fresh: boolean;
  readonly signal: AbortSignal;
};

/** What a source answers. `text` and `binary` are the secret itself: nothing of it is logged. */
export type RawSecret = {
  readonly arn: string;
  readonly name: string;
  readonly versionId: string;
  readonly text?: string | undefined;
  readonly binary?: Uint8Array | undefined;
};

/** Where secrets come from. Errors are told apart by their `name`, `code` or HTTP status; see `secret-error.ts`. */
export type SecretSource = {
  get(request: SecretRequest): Promise<RawSecret>;
  /** The current versions of these secrets. One that cannot be had is left out: it is then asked for alone. */
  getMany?(secretIds: readonly string[], signal: AbortSignal): Promise<readonly RawSecret[]>;
  /** What a source by the SDK asks by, and an id as it asks for it: for batches. */
  open?(): Promise<OpenedSdk>;
  here?(secretId: string): string;
};
