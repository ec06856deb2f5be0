import { cloudTrail } from '@keyturn/aws/cloud-trail';
import type { AwsOptions } from '@keyturn/aws/clients';
import { checkTrail } from '@keyturn/aws/trail';

type Log = { readonly notice: (line: string) => void; readonly warning: (line: string) => void };

/** Says after a deployment whether CloudTrail records where it went. Whatever happens here, the deployment has succeeded. */
export async function sayTrail(aws: AwsOptions, log: Log): Promise<void> {
  try {
    const verdict = await checkTrail(await cloudTrail(aws));
    if (verdict.outcome === 'recorded') log.notice(`CloudTrail records here: ${verdict.trail}`);
    else log.warning(verdict.message);
  } catch (error) {
    log.warning(
      `Whether CloudTrail records could not be found out: ${error instanceof Error ? error.message : 'no reason'}`,
    );
  }
}
