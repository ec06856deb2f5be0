export type MailSending = {
  readonly enabled: boolean;
  /** false: the sandbox, in which every recipient has to be verified too. */
  readonly production: boolean;
  /** SES's word for the account's reputation: HEALTHY, PROBATION or SHUTDOWN. */
  readonly standing: string;
  /** Mails in 24 hours: how many there may be (-1: no limit), and how many there were. */
  readonly most: number;
  readonly sent: number;
};
/** `dkim`: SES's word, such as SUCCESS, PENDING, NOT_STARTED. */
export type MailIdentity = { readonly verified: boolean; readonly dkim: string };

/** What SES lets this account send. TransientError, PermanentError('access-denied'). */
export type MailAccount = {
  sending(): Promise<MailSending>;
  /** An address or a domain; undefined: SES does not know it. */
  identity(name: string): Promise<MailIdentity | undefined>;
};
