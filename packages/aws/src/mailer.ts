export type Mail = {
  readonly to: readonly string[];
  readonly subject: string;
  readonly text: string;
  readonly html: string;
  /** A stable id: mails of one rotation are threaded by it. */
  readonly thread: string;
};

export type Mailer = {
  /** TransientError (throttled) or PermanentError('provider-refused') (address or sender refused). */
  send(mail: Mail): Promise<void>;
};
