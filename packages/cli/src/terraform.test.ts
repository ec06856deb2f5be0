import { parse } from '@cdktf/hcl2json';
import { expect, test } from 'vitest';

import { keyturn } from '../../../test/keyturn.ts';
import { secretText, world } from '../../../test/world.ts';
import { runCommand } from './run-command.ts';

async function adopt(...words: string[]) {
  const w = await world();
  const key = w.provider.handMade({ target: 'other-app' });
  const { ARN: arn = '' } = await w.model.createSecret({
    Name: '9/billing-apigee',
    SecretString: secretText(key),
  });
  const picks = ['--provider', 'apigee', '--policy', 'standard', '--shape', 'pair', '--owner', 'orders'];
  return { w, arn, key, ...(await keyturn(w, 'adopt', '9/billing-apigee', ...picks, ...words)) };
}

test('adopt --terraform prints what Terraform has to hold, and changes nothing', async () => {
  const { w, arn, key, code, text } = await adopt('--terraform');

  expect(code).toBe(0);
  expect(await parse('printed.tf', text)).toEqual({
    locals: [
      {
        _9_billing_apigee_tags: {
          'keyturn:provider': 'apigee',
          'keyturn:policy': 'standard',
          'keyturn:shape': 'pair',
          'keyturn:owner': 'orders',
          'keyturn:target': 'other-app',
        },
      },
    ],
    resource: {
      aws_secretsmanager_secret_rotation: {
        _9_billing_apigee: [
          {
            secret_id: arn,
            rotation_lambda_arn: w.handlerArn,
            rotate_immediately: false,
            rotation_rules: [{ schedule_expression: 'rate(30 days)' }],
          },
        ],
      },
    },
  });
  expect(text).not.toContain(key.secret.reveal());
  expect((await w.secrets.describe(arn)).tags).toEqual({});
});

test('adopt does it by itself or prints it for Terraform, not both', async () => {
  const { w, arn, code, text } = await adopt('--terraform', '--yes');

  expect(code).toBe(2);
  expect(text).toContain('--yes');
  expect((await w.secrets.describe(arn)).tags).toEqual({});
});

test('a refusal goes beside the output, which may be redirected into a file', async () => {
  const lines: string[] = [];
  const notes: string[] = [];

  const code = await runCommand(['adopt', '--terraform', '--colour'], () => expect.fail('asked nobody'), {
    line: (text) => void lines.push(text),
    note: (text) => void notes.push(text),
    json: () => {},
  });

  expect(code).toBe(2);
  expect(lines).toEqual([]);
  expect(notes.join('\n')).toContain("Unknown option '--colour'");
});
