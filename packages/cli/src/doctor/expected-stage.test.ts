import { readFileSync } from 'node:fs';

import { parseConfig } from '@keyturn/config/parse-config';
import { expect, test } from 'vitest';

import { composedTemplate, ofType } from '../../../../test/template.ts';
import { expectedStage } from './expected-stage.ts';

const config = parseConfig(readFileSync(new URL('../../../../config/example.yaml', import.meta.url), 'utf8'));

test('the doctor looks for what the template deploys: no more, and no less', () => {
  const template = composedTemplate();
  const expected = expectedStage(config);

  const functions = Object.values(template.functions).map(({ name }) => name);
  const queues = ofType(template, 'AWS::SQS::Queue').map(([, { QueueName }]) => QueueName);
  expect([...expected.functions].toSorted()).toEqual(functions.toSorted());
  expect([...expected.queues, ...expected.deadLetterQueues].toSorted()).toEqual(queues.toSorted());
});
