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
  if (code === 'other-mark' && operation === 'add') {
    return { reason: 'key-conflict', message: 'the key bears another mark', field: 'mark' };
  }
  const [reason, message, field] = meanings[code] ?? [];
  if (reason === undefined || message === undefined || field === undefined) return undefined;
  return { reason, message, field: field.replace('group', `groups.${id}`) };
}

/** What is not here passes by itself. */
const meanings: Readonly<Partial<Record<Refusal, readonly [Reason, string, string]>>> = {
  'no-user': ['misconfigured', 'there is no such user', 'group.user'],
  'unsafe-path': ['misconfigured', 'the file or its folder is a link, or somebody else may write there', 'group.file'],
  'cannot-write': ['provider-refused', 'the file cannot be written', 'group.file'],
  'hand-edited': ['provider-refused', 'somebody changed the lines around our block', 'group.file'],
  'bad-request': ['malformed', 'the options cannot be read', 'options'],
  'other-mark': ['not-yours', 'the key does not bear the mark of this secret', 'mark'],
  'key-disabled': ['key-disabled', 'somebody disabled the key', 'key'],
  'no-key': ['not-yours', 'the file does not have the key', 'key'],
  copied: ['still-accepted', 'the key stands once more, outside of our block', 'group.file'],
  'last-key': ['last-key', 'no other key of the file works', 'key'],
};
