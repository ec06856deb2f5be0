import { fingerprint, type Credential } from '@keyturn/rotation/credential';

import { carryOutAdoption } from './carry-out-adoption.ts';
import type { Command } from './command.ts';
import { UsageError } from './console.ts';
import { describePolicy } from './describe-policy.ts';
import { planAdoption, type Plan } from './plan-adoption.ts';
import { terraformOf } from './terraform.ts';

export const adopt: Command = {
  name: 'adopt',
  summary: 'Hand a secret and its present key to Keyturn',
  usage: '<secret> --provider ID --policy ID --shape ID --owner ID [--target TARGET] [--yes | --terraform]',
  details: [
    'Finds the app that the key belongs to, proves that the secret holds the key, and shows what would change.',
    'Nothing is changed without --yes. With it: the key is marked at the provider (where a key can bear a mark), the secret is tagged, and the',
    'schedule is attached with RotateImmediately=false: the key stays as it is until the schedule comes round.',
    'Doing it again is harmless and finishes what was interrupted. With --terraform: prints tags and schedule as Terraform.',
  ].join('\n'),
  options: {
    provider: { type: 'string', help: 'provider id of the configuration' },
    policy: { type: 'string', help: 'policy id of the configuration' },
    shape: { type: 'string', help: 'shape id of the configuration' },
    owner: { type: 'string', help: 'owner: a route of the configuration' },
    target: {
      type: 'string',
      help: 'where the key belongs, such as developers/a@b.example/apps/orders; found by the key if left out',
    },
    yes: { type: 'boolean', help: 'do it' },
    terraform: { type: 'boolean', help: 'print it for Terraform instead' },
  },
  async run(call, deps) {
    const confirmed = call.options['yes'] === true;
    const forTerraform = call.options['terraform'] === true;
    if (confirmed && forTerraform)
      throw new UsageError('--yes does it, --terraform leaves it to Terraform: choose one');
    const plan = await planAdoption(call, deps);
    if (confirmed) await carryOutAdoption(plan, deps);
    return {
      ok: true,
      lines: forTerraform
        ? terraformOf(plan)
        : [
            ...describePlan(plan),
            '',
            confirmed
              ? 'Done. Secrets Manager now tries the schedule out once, without changing the key.'
              : 'Nothing was changed. Add --yes to do it, or --terraform to see it as Terraform.',
          ],
      answer: {
        secret: plan.live.description.name,
        secretArn: plan.live.secret.arn,
        target: plan.live.secret.target,
        tags: plan.tags,
        schedule: plan.live.secret.policy.schedule,
        fingerprint: plan.live.credential === undefined ? null : fingerprint(plan.live.credential.keyId),
        adopted: confirmed,
        ...(forTerraform ? { terraform: terraformOf(plan).join('\n') } : {}),
      },
    };
  },
};

function describePlan({ live, tags, marked, marks }: Plan): string[] {
  const { description, secret, credential } = live;
  return [
    description.name,
    `  key          ${describeKey(credential, marked)}`,
    `  target       ${secret.target}`,
    `  owner        ${secret.owner}`,
    ...describePolicy(secret),
    '',
    'What changes:',
    ...(marks ? [`  the key gets a mark at ${secret.provider.id}, its other attributes stay`] : []),
    ...Object.entries(tags).map(([name, value]) => `  tag ${name} = ${value}`),
    `  rotation by ${secret.policy.schedule}, not now`,
  ];
}

function describeKey(credential: Credential | undefined, marked: boolean): string {
  if (credential === undefined) return 'none yet; the first rotation issues it';
  return `${fingerprint(credential.keyId)} (fingerprint), proven to be this target's${marked ? ', marked already' : ''}`;
}
