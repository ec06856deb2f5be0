import { PermanentError, TransientError, type Reason } from '@keyturn/rotation/errors';

import type { Refusal } from './host-answer.ts';
import type { Operation } from './host-document.ts';
import type { Answers } from './run-on-hosts.ts';
import type { Group } from './target.ts';

type Meaning = { readonly reason: Reason; readonly message: string; readonly field: string };

/** Throws the gravest of what hosts refused; what passes by itself comes last. */
export function refuseRefusals({ refused }: Pick<Answers, 'refused'>, operation: Operation, group: Group): void {
  const permanent = refused.find(({ code }) => meaningOf(code, operation, group) !== undefined);
  if (permanent !== undefined) {
    const meaning = meaningOf(permanent.code, operation, group);
    if (meaning !== undefined)
      throw new PermanentError(meaning.reason, `Host ${permanent.id}: ${meaning.message}`, { field: meaning.field });
  }
  const [passing] = refused;
  if (passing !== undefined) throw new TransientError(`Host ${passing.id} did nothing: ${passing.code}`);
}

function meaningOf(code: Refusal, operation: Operation, { id }: Group): Meaning | undefined {
  switch (code) {
    case 'no-user':
      return { reason: 'misconfigured', message: 'there is no such user', field: `groups.${id}.user` };
    case 'unsafe-path':
      return {
        reason: 'misconfigured',
        message: 'the file, or its folder, is a link or somebody else may write it',
        field: `groups.${id}.file`,
      };
    case 'cannot-write':
      return { reason: 'provider-refused', message: 'the file cannot be written', field: `groups.${id}.file` };
    case 'hand-edited':
      return {
        reason: 'provider-refused',
        message: 'somebody changed the lines around our block',
        field: `groups.${id}.file`,
      };
    case 'bad-request':
      return { reason: 'malformed', message: 'the options cannot be read', field: 'options' };
    case 'other-mark':
      return operation === 'add'
        ? { reason: 'key-conflict', message: 'the key bears another mark', field: 'mark' }
        : { reason: 'not-yours', message: 'the key does not bear the mark of this secret', field: 'mark' };
    case 'key-disabled':
      return { reason: 'key-disabled', message: 'somebody disabled the key', field: 'key' };
    case 'no-key':
      return { reason: 'not-yours', message: 'the file does not have the key', field: 'key' };
    case 'copied':
      return {
        reason: 'still-accepted',
        message: 'the key stands once more, outside of our block',
        field: `groups.${id}.file`,
      };
    case 'last-key':
      return { reason: 'last-key', message: 'no other key of the file works', field: 'key' };
    case 'known':
    case 'busy':
    case 'too-late':
      return undefined;
  }
}
