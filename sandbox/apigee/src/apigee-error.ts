/** A refusal of the management API, before a flavour puts it into its own words. The status is the one of X. */
export class ApigeeError extends Error {
  override readonly name = 'ApigeeError';
  readonly status: number;
  /** Apigee's own code, which the flavours share; undefined where public sources name none. */
  readonly code: string | undefined;
  /** Whose refusal it is where Google words it in a way of its own. */
  readonly google: 'bad-request' | 'failed-precondition' | undefined;

  constructor(
    status: number,
    message: string,
    { code, google }: { code?: string; google?: 'bad-request' | 'failed-precondition' } = {},
  ) {
    super(message);
    this.status = status;
    this.code = code;
    this.google = google;
  }
}

export const refusal = (status: number, code: string, message: string): ApigeeError =>
  new ApigeeError(status, message, { code });
