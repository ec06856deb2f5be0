/** Refused by AWS's client or by AWS because nobody is logged in, whatever was asked. */
export const notLoggedIn =
  /ProviderError|ExpiredToken|UnrecognizedClient|InvalidClientToken|InvalidSignature|RegionMissing/;

export const logIn = 'Log in to AWS: set credentials and Region as for the AWS CLI.';

export type Wrong = { readonly reason: string; readonly field: string | null };

/** The line below an error, for people. Each reason has its page; an option that was given wrongly needs none. */
export function whatToDo({ reason, field }: Wrong, message: string): string {
  if (notLoggedIn.test(message)) return logIn;
  if (reason === 'unavailable') return 'reason unavailable. Try again.';
  if (field === 'KEYTURN_CONFIG') return 'Set KEYTURN_CONFIG to the configuration file of the stage.';
  if (reason === 'secret-missing' && field === 'SecretId') {
    return 'There is no secret of that name here: check the name, the account and the Region.';
  }
  if (field?.startsWith('--') === true) return `reason ${reason}, look at ${field}.`;
  return `reason ${reason}${field === null ? '' : `, look at ${field}`}. What to do: docs/runbooks/${reason}.md.`;
}
