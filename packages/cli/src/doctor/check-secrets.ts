import type { SecretDescription } from '@keyturn/aws/secret-store';
import type { VersionDates } from '@keyturn/aws/version-dates';
import { managedSecret, tagNames, type ManagedSecret } from '@keyturn/config/managed-secret';
import { functionNames } from '@keyturn/config/names';
import { PermanentError } from '@keyturn/rotation/errors';

import type { Deps } from '../command.ts';
import { labelled } from '../live-secret.ts';
import { moment } from '../moments.ts';
import { checkUse } from './check-use.ts';
import { ask, ok, problem, warning, type Finding } from './finding.ts';
import type { Check } from './ports.ts';

const dayMs = 86_400_000;

/** Every secret that bears our tag: what its tags pick, its rotation, and how it is used. */
export const checkSecrets: Check = async (deps) => {
  const findings = await ask('secrets', 'secretsmanager:ListSecrets and secretsmanager:DescribeSecret', async () => {
    const found: Finding[] = [];
    for await (const description of deps.secrets.listTagged(tagNames.provider)) {
      found.push(...(await checkSecret(description, deps)));
    }
    return found;
  });
  if (findings.length > 0) return findings;
  return [ok('secrets', 'none is managed yet; "keyturn adopt" hands one over')];
};

async function checkSecret(description: SecretDescription, deps: Deps): Promise<readonly Finding[]> {
  const { clock, doctor } = deps;
  const about = `secret ${description.name}`;
  const now = clock.now();
  if (description.deletedAt !== undefined) {
    return [warning(about, 'is marked for deletion', 'If it is needed, restore it; otherwise nothing.')];
  }
  const findings = [
    ...checkTags(about, description, deps),
    ...checkRotation(about, description, deps),
    ...checkOverdue(about, description, now),
    ...(await ask(about, 'secretsmanager:ListSecretVersionIds', () =>
      checkPending(about, description, doctor.versionDates, now),
    )),
    ...checkUse(about, description, now),
  ];
  if (findings.length > 0) return findings;
  return [ok(about, `next rotation ${moment(description.rotation.nextAt)}`)];
}

function checkTags(about: string, description: SecretDescription, { config }: Deps): readonly Finding[] {
  const secret = managed(description, config);
  if (secret instanceof PermanentError) {
    return [problem(about, secret.message, `Correct the ${secret.field ?? 'tags'}, or the configuration.`)];
  }
  const { policy, owner, route } = secret;
  const { slack, mail, webhooks } = config.routes[owner] ?? route;
  const { schedule } = description.rotation;
  return [
    ...(slack === undefined && mail.length === 0 && webhooks.length === 0
      ? [
          warning(
            about,
            `its owner ${owner} has no address: the default's people are told`,
            `Give routes.${owner} an address.`,
          ),
        ]
      : []),
    ...(schedule !== undefined && spaceless(schedule) !== spaceless(policy.schedule)
      ? [
          warning(
            about,
            `rotates by ${schedule}, its policy ${policy.id} says ${policy.schedule}`,
            'Run "keyturn adopt" with --yes again: it attaches the schedule of the policy.',
          ),
        ]
      : []),
  ];
}

function managed(description: SecretDescription, config: Deps['config']): ManagedSecret | PermanentError {
  try {
    return managedSecret(description, config);
  } catch (error) {
    if (error instanceof PermanentError) return error;
    throw error;
  }
}

function checkRotation(about: string, { rotation }: SecretDescription, { config }: Deps): readonly Finding[] {
  if (!rotation.enabled)
    return [
      problem(about, 'its rotation is switched off', 'Run "keyturn adopt" with --yes again, or take its tags off.'),
    ];
  const { rotationHandler } = functionNames(config.stage);
  if (rotation.lambdaArn?.endsWith(`:function:${rotationHandler}`) === true) return [];
  return [
    problem(
      about,
      'is rotated by another function',
      `Only ${rotationHandler} should rotate it; adopt it again, or take its tags off.`,
    ),
  ];
}

// Secrets Manager may use the whole window, which is a day at most.
function checkOverdue(about: string, { rotation }: SecretDescription, now: number): readonly Finding[] {
  const { enabled, nextAt } = rotation;
  if (!enabled || nextAt === undefined || now <= nextAt + dayMs) return [];
  return [
    problem(
      about,
      `is overdue: it had to rotate by ${moment(nextAt)}`,
      `"keyturn plan ${about.slice('secret '.length)}" says what refuses it.`,
    ),
  ];
}

async function checkPending(
  about: string,
  description: SecretDescription,
  dates: VersionDates,
  now: number,
): Promise<readonly Finding[]> {
  const pending = labelled(description, 'AWSPENDING');
  if (pending === undefined || pending === labelled(description, 'AWSCURRENT')) return [];
  const since = (await dates(description.arn)).get(pending);
  if (since === undefined || now <= since + dayMs) return [];
  return [
    problem(
      about,
      `its version ${pending} is pending since ${moment(since)}`,
      `"keyturn status ${about.slice('secret '.length)}" says how it failed; "keyturn rotate" starts it again.`,
    ),
  ];
}

const spaceless = (schedule: string): string => schedule.replaceAll(/\s+/g, ' ').trim();
