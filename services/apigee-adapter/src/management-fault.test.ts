import { hidden } from '@keyturn/rotation/hidden';
import { expect, test } from 'vitest';

import { flavours } from './flavour.ts';
import { faultError, faultOf, type Fault } from './management-fault.ts';

const google = flavours.x;
const answer = (status: number, body: unknown) => ({
  status,
  text: hidden(typeof body === 'string' ? body : JSON.stringify(body)),
  contentType: 'application/json',
  requestId: undefined,
  summary: `call at h.example: ${status}`,
});
const violation = (...types: string[]) => ({
  error: {
    code: 409,
    status: 'ABORTED',
    message: 'said by Apigee',
    details: [{ '@type': 'RequestInfo', requestId: '1' }, { violations: types.map((type) => ({ type })) }],
  },
});

test.each<[Fault, number, unknown]>([
  ['key-exists', 409, violation('keymanagement.service.ConsumerKeyAlreadyExists')],
  ['key-exists', 409, violation('something.else', 'keymanagement.service.ConsumerKeyAlreadyExists')],
  ['key-exists', 409, { code: 'keymanagement.service.ConsumerKeyAlreadyExists', message: 'm', contexts: [] }],
  ['key-exists', 409, { fault: { detail: { errorcode: 'keymanagement.service.ConsumerKeyAlreadyExists' } } }],
  ['concurrent-write', 409, { error: { code: 409, status: 'ABORTED' } }],
  ['concurrent-write', 409, violation('something.else')],
  ['no-target', 404, violation('developer.service.AppDoesNotExist')],
  ['no-target', 404, violation('developer.service.DeveloperIdDoesNotExist')],
  ['no-key', 404, violation('keymanagement.service.InvalidClientIdForGivenApp')],
  ['not-found', 404, { error: { code: 404, status: 'NOT_FOUND' } }],
  ['refused', 400, violation('keymanagement.service.apiproduct_doesnot_exist')],
  ['unauthenticated', 401, { error: { code: 401, status: 'UNAUTHENTICATED' } }],
  ['denied', 403, { error: { code: 403, status: 'PERMISSION_DENIED' } }],
  ['denied', 403, '<html>forbidden</html>'],
  ['unauthenticated', 401, ''],
  ['unreadable', 404, '<html>not found</html>'],
  ['unreadable', 409, ''],
  ['unreadable', 400, 'null'],
  ['refused', 400, { error: 'a text' }],
  ['refused', 400, { error: { details: 'a text' } }],
])('reads %s from a %i with %j', (fault, status, body) => {
  expect(faultOf(answer(status, body), google)).toBe(fault);
});

test('the first kind of body wins', () => {
  const both = {
    code: 'developer.service.AppDoesNotExist',
    ...violation('keymanagement.service.ConsumerKeyAlreadyExists'),
  };

  expect(faultOf(answer(404, both), google)).toBe('no-target');
});

test.each<[Fault, string, string | undefined]>([
  ['no-target', 'PermanentError', 'target-missing'],
  ['no-key', 'TransientError', undefined],
  ['not-found', 'PermanentError', 'provider-answer'],
  ['key-exists', 'PermanentError', 'key-conflict'],
  ['concurrent-write', 'TransientError', undefined],
  ['unauthenticated', 'PermanentError', 'access-denied'],
  ['denied', 'PermanentError', 'access-denied'],
  ['refused', 'PermanentError', 'provider-refused'],
  ['unreadable', 'PermanentError', 'provider-answer'],
])('%s becomes a %s %s', (fault, name, reason) => {
  expect(faultError(fault, answer(400, {}))).toMatchObject(reason === undefined ? { name } : { name, reason });
});

test("an error shows Apigee's code, but nothing that could be a key", () => {
  const shown = faultError('refused', answer(400, violation('keymanagement.service.apiproduct_doesnot_exist')));
  const kept = faultError('refused', answer(400, violation('keymanagement.service.hand-made-key')));

  expect(shown.message).toBe('call at h.example: 400, keymanagement.service.apiproduct_doesnot_exist');
  expect(kept.message).toBe('call at h.example: 400, ABORTED');
});
