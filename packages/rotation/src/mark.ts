import { hash } from 'node:crypto';

import { PermanentError } from './errors.ts';

/**
 * What Keyturn writes on a key at the provider: which installation made or adopted it, for which secret and version.
 * It is how an orphan is found and how a stranger's key is left alone; it is never copied from key to key.
 */
export type Mark = {
  /** `<account>/<region>/<stage>` */
  readonly installation: string;
  /** `secretHash` of the secret's ARN. */
  readonly secretHash: string;
  readonly versionId: string;
};

const prefix = 'keyturn/v1';
const arnPattern = /^arn:aws[\w-]*:secretsmanager:(?<region>[\w-]+):(?<account>\d{12}):secret:(?<name>[\w/+=.@-]+)$/;

export type SecretArn = { readonly region: string; readonly account: string; readonly name: string };

export function parseSecretArn(arn: string): SecretArn {
  const groups = arnPattern.exec(arn)?.groups;
  const { region, account, name } = groups ?? {};
  if (region === undefined || account === undefined || name === undefined) {
    throw new PermanentError('malformed', 'Not the ARN of a secret', { field: 'SecretId' });
  }
  return { region, account, name };
}

/** 32 hex characters that stand for a secret's ARN in marks, ledger keys and correlation ids. */
export function secretHash(arn: string): string {
  return hash('sha256', arn).slice(0, 32);
}

export function markOf(secretArn: string, versionId: string, stage: string): Mark {
  const { account, region } = parseSecretArn(secretArn);
  return {
    installation: `${account}/${region}/${stage}`,
    secretHash: secretHash(secretArn),
    versionId,
  };
}

export function formatMark(mark: Mark): string {
  return [prefix, mark.installation, mark.secretHash, mark.versionId].join('/');
}

/** What a key's mark says about whose key it is. A mark that cannot be read is a stranger's. */
export type Ownership = 'unmarked' | 'this-secret' | 'other-secret' | 'other-installation';

export function ownership(raw: string | undefined, ours: Mark): Ownership {
  if (raw === undefined) return 'unmarked';
  const mark = parseMark(raw);
  if (mark?.installation !== ours.installation) return 'other-installation';
  return mark.secretHash === ours.secretHash ? 'this-secret' : 'other-secret';
}

export function parseMark(raw: string): Mark | undefined {
  const match = /^keyturn\/v1\/(\d{12}\/[\w-]+\/[\w-]+)\/([0-9a-f]{32})\/([\w-]{1,64})$/.exec(raw);
  const [, installation, hash, versionId] = match ?? [];
  if (installation === undefined || hash === undefined || versionId === undefined) return undefined;
  return { installation, secretHash: hash, versionId };
}

/** The mark that a request asks an adapter to write or to look for. Throws PermanentError('malformed'), field `mark`. */
export function parseOurMark(mark: string): Mark {
  const parsed = parseMark(mark);
  if (parsed === undefined) throw new PermanentError('malformed', 'This is no mark of ours', { field: 'mark' });
  return parsed;
}
