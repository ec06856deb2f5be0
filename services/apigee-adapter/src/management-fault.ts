import type { HttpAnswer } from '@keyturn/http/http-exchange';
import { jsonOf } from '@keyturn/http/parse-answer';
import { PermanentError, TransientError } from '@keyturn/rotation/errors';
import * as z from 'zod';

import type { Flavour } from './flavour.ts';

/** What the management API says when it refuses, as far as it matters here. */
export type Fault =
  | 'no-target'
  | 'no-key'
  /** Not found, but what is not said. */
  | 'not-found'
  | 'key-exists'
  | 'concurrent-write'
  | 'unauthenticated'
  | 'denied'
  | 'refused'
  /** No words of the management API: something on the way answered. */
  | 'unreadable';

const faults = new Map<string, Fault>([
  ['developer.service.AppDoesNotExist', 'no-target'],
  ['developer.service.DeveloperDoesNotExist', 'no-target'],
  ['developer.service.DeveloperIdDoesNotExist', 'no-target'],
  ['developer.service.CompanyDoesNotExist', 'no-target'],
  ['keymanagement.service.InvalidClientIdForGivenApp', 'no-key'],
  ['API_KEY_NOT_FOUND', 'no-key'],
  ['keymanagement.service.ConsumerKeyAlreadyExists', 'key-exists'],
]);

// Status words say little: a key that exists already is ABORTED, as is a concurrent write.
const statuses = new Map<number, Fault>([
  [401, 'unauthenticated'],
  [403, 'denied'],
  [404, 'not-found'],
  [409, 'concurrent-write'],
]);

// Only words that are known are shown: anything can stand where a code should.
const printable = new Set([
  ...faults.keys(),
  'keymanagement.service.apiproduct_doesnot_exist',
  'INVALID_ARGUMENT',
  'FAILED_PRECONDITION',
  'UNAUTHENTICATED',
  'PERMISSION_DENIED',
  'NOT_FOUND',
  'ALREADY_EXISTS',
  'ABORTED',
]);

const text = z.string().optional().catch(undefined);
const violation = z.object({ type: text }).catch({});
const detail = z.object({ violations: z.array(violation).default([]).catch([]) }).catch({ violations: [] });
const body = z.object({
  fault: z
    .object({ detail: z.object({ errorcode: z.string() }) })
    .optional()
    .catch(undefined),
  code: text,
  error: z
    .object({ status: text, details: z.array(detail).default([]).catch([]) })
    .optional()
    .catch(undefined),
});

export function faultOf(answer: HttpAnswer, { swapsRefusals }: Pick<Flavour, 'swapsRefusals'>): Fault {
  const fault = faultIn(answer);
  if (!swapsRefusals || (fault !== 'unauthenticated' && fault !== 'denied')) return fault;
  return fault === 'denied' ? 'unauthenticated' : 'denied';
}

function faultIn(answer: HttpAnswer): Fault {
  const codes = codesOf(answer);
  // What authenticates may stand before Apigee and answer as it likes; whether something exists is Apigee's to say.
  if (codes === undefined) return answer.status === 401 || answer.status === 403 ? statusFault(answer) : 'unreadable';
  return codes.map((code) => faults.get(code)).find((fault) => fault !== undefined) ?? statusFault(answer);
}

/** The error for a fault that the caller did not expect. */
export function faultError(fault: Fault, answer: HttpAnswer): TransientError | PermanentError {
  const message = [answer.summary, ...(codesOf(answer) ?? []).filter((code) => printable.has(code)).slice(0, 1)].join(
    ', ',
  );
  switch (fault) {
    case 'concurrent-write':
      return new TransientError(`${message}: something else writes at the same time`);
    case 'no-target':
      return new PermanentError('target-missing', `${message}: there is no such app or owner`, { field: 'target' });
    case 'no-key':
      return new TransientError(`${message}: the app does not have the key, or not yet`);
    case 'key-exists':
      return new PermanentError('key-conflict', `${message}: the key exists already`, { field: 'key' });
    case 'unauthenticated':
      return new PermanentError('access-denied', `${message}: token or password are refused`, { field: 'adminSecret' });
    case 'denied':
      // Permission comes before existence.
      return new PermanentError('access-denied', `${message}: no permission, or no such organization`, {
        field: 'adminSecret',
      });
    case 'refused':
      return new PermanentError('provider-refused', message);
    case 'not-found':
    case 'unreadable':
      return new PermanentError('provider-answer', `${message}: Apigee does not answer so`, { field: 'managementUrl' });
  }
}

// The order in which the kinds of bodies are told apart; undefined where the answer is no JSON object.
function codesOf(answer: HttpAnswer): string[] | undefined {
  const { data } = body.safeParse(jsonOf(answer)?.value);
  if (data === undefined) return undefined;
  const violations = data.error?.details.flatMap(({ violations }) => violations.map(({ type }) => type)) ?? [];
  return [data.fault?.detail.errorcode, data.code, ...violations, data.error?.status].filter(
    (code) => code !== undefined,
  );
}

function statusFault({ status }: HttpAnswer): Fault {
  return statuses.get(status) ?? 'refused';
}
