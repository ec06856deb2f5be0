import type { SecretReader } from '@keyturn/aws/secret-store';
import { PermanentError } from '@keyturn/rotation/errors';
import { hidden, type Hidden } from '@keyturn/rotation/hidden';

export type ChannelSecrets = Pick<SecretReader, 'value'>;

/** The text of a channel's secret. It is read for each message: one that was replaced counts at once. PermanentError with `field`. */
export async function channelSecret(secrets: ChannelSecrets, name: string, field: string): Promise<Hidden> {
  const version = await secrets.value(name, { stage: 'AWSCURRENT' }).catch((error: unknown) => {
    throw named(error, field);
  });
  const text = version?.text.reveal().trim() ?? '';
  if (text === '') throw new PermanentError('secret-missing', 'The secret of the channel is empty', { field });
  return hidden(text);
}

/** The same error, with the field of the configuration that people know the channel by; unless it names one itself, such as the proxy's. */
export function named<Failure>(error: Failure, field: string): Failure | PermanentError {
  if (!(error instanceof PermanentError) || error.field?.startsWith('notifications.') === true) return error;
  return new PermanentError(error.reason, error.message, { field, cause: error });
}
