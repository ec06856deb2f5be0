import { hidden } from '@keyturn/rotation/hidden';
import { expect, test } from 'vitest';
import * as z from 'zod';

import { parseAnswer } from './parse-answer.ts';

const answer = (text: string) => ({
  status: 200,
  text: hidden(text),
  contentType: 'application/json',
  requestId: undefined,
  summary: 'read at h.example: 200',
});
const schema = z.object({ key: z.object({ id: z.string() }) });

test('gives what the schema says', () => {
  expect(parseAnswer(answer('{"key":{"id":"a","more":1}}'), schema)).toEqual({ key: { id: 'a' } });
});

test.each([
  ['', 'nothing came back', 'answer'],
  ['<html>sorry</html>', 'no JSON came back', 'answer'],
  ['{"key":', 'no JSON came back', 'answer'],
  ['{"key":{"id":7}}', 'another form', 'key.id'],
  ['null', 'another form', 'answer'],
])('refuses %j: %s', (text, message, field) => {
  const parse = () => parseAnswer(answer(text), schema);

  expect(parse).toThrow(message);
  expect(parse).toThrow(expect.objectContaining({ reason: 'provider-answer', field }));
});
