import type { Plan } from './plan-adoption.ts';

/**
 * What adopting would change, as Terraform for whoever keeps the secret there: tags to merge into the secret's own block, and the block of its rotation.
 * The mark on the key is then set by the first rotation, after its proof.
 */
export function terraformOf({ live, tags, lambdaArn }: Plan): string[] {
  const { secret, description } = live;
  const { schedule, window } = secret.policy;
  const label = description.name.replaceAll(/[^A-Za-z0-9_]+/g, '_').replace(/^(?=\d)/, '_');
  const width = Math.max(...Object.keys(tags).map((name) => name.length + 2));
  return [
    `# Merge these tags into the block of the secret ${description.name}.`,
    'locals {',
    `  ${label}_tags = {`,
    ...Object.entries(tags).map(([name, value]) => `    ${text(name).padEnd(width)} = ${text(value)}`),
    '  }',
    '}',
    '',
    `resource "aws_secretsmanager_secret_rotation" "${label}" {`,
    `  secret_id           = ${text(secret.arn)}`,
    `  rotation_lambda_arn = ${text(lambdaArn)}`,
    '',
    '  # True, which is the default, would rotate the key in the middle of an apply.',
    '  rotate_immediately = false',
    '',
    '  rotation_rules {',
    `    schedule_expression = ${text(schedule)}`,
    ...(window === undefined ? [] : [`    duration            = ${text(window)}`]),
    '  }',
    '}',
  ];
}

// HCL reads a dollar or percent sign before a brace as a template.
function text(value: string): string {
  return JSON.stringify(value).replaceAll(/[$%](?=\{)/g, '$&$&');
}
