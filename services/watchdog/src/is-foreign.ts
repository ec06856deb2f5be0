import type { Config } from '@keyturn/config/config';
import { functionNames } from '@keyturn/config/names';

/** Whether another function rotates the secret: then it is another stage's, unless the ledger knows it as ours. */
export function isForeign(lambdaArn: string | undefined, { stage }: Pick<Config, 'stage'>): boolean {
  return lambdaArn !== undefined && lambdaArn.split(':')[6] !== functionNames(stage).rotationHandler;
}
