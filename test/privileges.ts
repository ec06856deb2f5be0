import { functionNames } from '@keyturn/config/names';

import type { Check } from './check-template.ts';
import { teamFunctions } from './everything-on.ts';
import { condition, functionsOf, grants, grantsOf, resourcesOf, statement, type Grant } from './roles.ts';
import { list, ofType, pointee } from './template.ts';

const describeGrant = (grant: Grant): string => `${grant.role}.${grant.statement.Sid}`;
const where = (found: readonly Grant[], broken: (grant: Grant) => boolean): readonly string[] =>
  found.filter(broken).map(describeGrant);

const demandsTag = (grant: Grant): boolean =>
  condition(grant, 'Null', 'aws:ResourceTag/keyturn:provider')[0] === 'false';
const namesSecrets = (grant: Grant): boolean =>
  resourcesOf(grant).every((resource) => /:secret:[\w/+=.@-]+-(\?{6}|\w{6})$/.test(resource));

function isRotatedHere(grant: Grant): boolean {
  const [arn] = condition(grant, 'StringEquals', 'secretsmanager:resource/AllowRotationLambdaArn');
  return JSON.stringify(arn ?? '').includes(`:function:${functionNames('prod').rotationHandler}"`);
}
// Of everything-on.ts; the example's only reports.
const reaps = (arn: string): boolean => arn.endsWith('-partner-retire');
const ofTheTeam = (arn: string): boolean => Object.values(teamFunctions).some((known) => known === arn);

/** What the roles of a template keep to, whatever the configuration. */
export const privileges: readonly Check[] = [
  {
    rule: 'every function has a role of its own; cleanup and its sweep are one service',
    broken: (from) =>
      ofType(from, 'AWS::IAM::Role')
        .filter(
          ([, { AssumeRolePolicyDocument }]) =>
            AssumeRolePolicyDocument.Statement[0]!.Principal.Service === 'lambda.amazonaws.com',
        )
        .filter(([id]) => functionsOf(from, id).length !== (id === 'CleanupRole' ? 2 : 1))
        .map(([id]) => id)
        .concat(Object.values(from.functions).flatMap(({ role, name }) => (pointee(role) ? [] : [name]))),
    plant: (from) => (from.functions['verifier']!.role = { 'Fn::GetAtt': ['CleanupRole', 'Arn'] }),
  },
  {
    rule: 'no action is a wildcard, and no resource but of traces, which have none',
    broken: (from) =>
      where(
        grants(from),
        (grant) =>
          list(grant.statement.Action).some((action) => action.includes('*')) ||
          (resourcesOf(grant).includes('*') &&
            // AWS knows no resource for these.
            !list(grant.statement.Action).every((action) =>
              /^(xray:|ec2:Describe|secretsmanager:ListSecrets$|ssm:(DescribeInstanceInformation|ListCommandInvocations|GetCommandInvocation)$)/.test(
                action,
              ),
            )),
      ),
    plant: (from) => (statement(from, 'AnnouncerRole', 'KeepLedger').Action = 'dynamodb:*'),
  },
  {
    rule: 'a secret is reached because it is named, or because it bears our tag',
    broken: (from) =>
      where(
        grantsOf(from, 'secretsmanager:'),
        // A list reaches no secret.
        (grant) =>
          grant.statement.Action !== 'secretsmanager:ListSecrets' && !namesSecrets(grant) && !demandsTag(grant),
      ),
    plant: (from) => delete statement(from, 'VerifierRole', 'ReadSecrets').Condition,
  },
  {
    rule: 'only the rotation handler writes values, and only of secrets it rotates',
    broken: (from) =>
      where(
        grantsOf(from, 'secretsmanager:Put'),
        (grant) => grant.role !== 'RotationHandlerRole' || !isRotatedHere(grant),
      ),
    plant: (from) => (statement(from, 'CleanupRole', 'ReadSecrets').Action = 'secretsmanager:PutSecretValue'),
  },
  {
    rule: 'beside the handler only cleanup moves a label, and that label is AWSPENDING',
    broken: (from) =>
      where(grantsOf(from, 'secretsmanager:UpdateSecretVersionStage'), (grant) => {
        if (grant.role === 'RotationHandlerRole') return false;
        const [label, ...others] = condition(grant, 'ForAllValues:StringEquals', 'secretsmanager:VersionStage');
        // ForAllValues holds for a request without the key, too.
        const given = condition(grant, 'Null', 'secretsmanager:VersionStage')[0] === 'false';
        return grant.role !== 'CleanupRole' || label !== 'AWSPENDING' || others.length > 0 || !given;
      }),
    plant: (from) =>
      (statement(from, 'CleanupRole', 'ClearPending').Condition!['ForAllValues:StringEquals'] = {
        'secretsmanager:VersionStage': ['AWSPENDING', 'AWSCURRENT'],
      }),
  },
  {
    rule: 'a label is moved only on a secret that is rotated by the handler of this stage',
    broken: (from) =>
      where(grantsOf(from, 'secretsmanager:UpdateSecretVersionStage'), (grant) => !isRotatedHere(grant)),
    plant: (from) => delete statement(from, 'CleanupRole', 'ClearPending').Condition!['StringEquals'],
  },
  {
    rule: 'the announcer sees what a secret is and never what it holds',
    broken: (from) =>
      where(
        grantsOf(from, 'secretsmanager:'),
        ({ role, statement: { Action } }) => role === 'AnnouncerRole' && Action !== 'secretsmanager:DescribeSecret',
      ),
    plant: (from) =>
      (statement(from, 'AnnouncerRole', 'LookAtSecrets').Action = [
        'secretsmanager:DescribeSecret',
        'secretsmanager:GetSecretValue',
      ]),
  },
  {
    rule: 'notifier and adapters reach the secrets that are named for them, and no managed one',
    broken: (from) =>
      where(
        grantsOf(from, 'secretsmanager:'),
        (grant) =>
          !['RotationHandlerRole', 'AnnouncerRole', 'VerifierRole', 'CleanupRole', 'WatchdogRole'].includes(
            grant.role,
          ) && !(namesSecrets(grant) && grant.statement.Action === 'secretsmanager:GetSecretValue'),
      ),
    plant: (from) =>
      (statement(from, 'NotifierRole', 'ReadChannelSecrets').Resource = {
        'Fn::Sub': 'arn:aws:secretsmanager:x:1:secret:*',
      }),
  },
  {
    rule: 'the watchdog looks at secrets and never into them; what it has rotated our own handler rotates already',
    broken: (from) => {
      const own = functionNames('prod').rotationHandler;
      const looks = /^secretsmanager:(ListSecrets|DescribeSecret|ListSecretVersionIds)$/;
      return where(grantsOf(from, 'secretsmanager:'), (grant) => {
        const actions = list(grant.statement.Action);
        if (grant.role !== 'WatchdogRole') return actions.includes('secretsmanager:RotateSecret');
        if (actions.every((action) => looks.test(action))) return false;
        const [attached] = condition(grant, 'StringEquals', 'secretsmanager:resource/AllowRotationLambdaArn');
        const [asked] = condition(grant, 'StringEqualsIfExists', 'secretsmanager:RotationLambdaARN');
        const isOwn = [attached, asked].every((arn) => JSON.stringify(arn ?? '').includes(`:function:${own}"`));
        return actions.join() !== 'secretsmanager:RotateSecret' || !isOwn;
      });
    },
    plant: (from) => delete statement(from, 'WatchdogRole', 'RotateAgain').Condition!['StringEquals'],
  },
  {
    rule: 'a key decrypts by way of Secrets Manager alone, for secrets alone; that of the stage by way of what it encrypts',
    broken: (from) =>
      where(grantsOf(from, 'kms:'), (grant) => {
        const through = condition(grant, 'StringEquals', 'kms:ViaService');
        if (resourcesOf(grant).join() !== 'KmsKeyArn') {
          return through.length !== 1 || condition(grant, 'StringLike', 'kms:EncryptionContext:SecretARN').length === 0;
        }
        const variables = condition(grant, 'StringEquals', 'kms:EncryptionContext:aws:lambda:FunctionArn');
        return through.length !== 1 && variables.length === 0;
      }),
    plant: (from) => delete statement(from, 'ApigeeIssueRole', 'UseKeyOfAdminCredential').Condition,
  },
  {
    rule: 'only who retires deletes an API key, or switches off one that bears a mark; and the mark is of this installation',
    broken: (from) =>
      where(
        grantsOf(from, 'apigateway:').filter((grant) => resourcesOf(grant).some((arn) => arn.endsWith(':/apikeys/*'))),
        (grant) => {
          const [strict] = condition(grant, 'StringLike', 'aws:ResourceTag/keyturn');
          const [lenient] = condition(grant, 'StringLikeIfExists', 'aws:ResourceTag/keyturn');
          const isOurs = (mark: unknown) => JSON.stringify(mark ?? '').includes('/prod/*"');
          switch (list(grant.statement.Action).join()) {
            case 'apigateway:GET':
              return false;
            case 'apigateway:PATCH':
              return !grant.role.endsWith('IssueRole') || !isOurs(lenient);
            default:
              return !grant.role.endsWith('RetireRole') || !isOurs(strict);
          }
        },
      ),
    plant: (from) =>
      Object.assign(statement(from, 'ApigeeIssueRole', 'Log'), {
        Action: 'apigateway:DELETE',
        Resource: { 'Fn::Sub': 'arn:aws:apigateway:x::/apikeys/*' },
      }),
  },
  {
    rule: 'a function is invoked by its exact name, and exists or is named by the configuration',
    broken: (from) => {
      const names = new Set(Object.values(from.functions).map(({ name }) => name));
      return where(grantsOf(from, 'lambda:'), (grant) =>
        resourcesOf(grant).some((arn) => !ofTheTeam(arn) && !names.has(arn.split(':function:')[1] ?? '')),
      );
    },
    plant: (from) =>
      (statement(from, 'VerifierRole', 'AskIssuingAdapters').Resource = {
        'Fn::Sub': 'arn:aws:lambda:x:1:function:keyturn-prod-*',
      }),
  },
  {
    rule: 'only cleanup may ask an adapter to retire, and the watchdog where the provider says so',
    broken: (from) =>
      where(
        grantsOf(from, 'lambda:'),
        (grant) =>
          grant.role !== 'CleanupRole' &&
          resourcesOf(grant).some(
            (arn) => /-retire(:live)?$/.test(arn) && !(grant.role === 'WatchdogRole' && reaps(arn)),
          ),
      ),
    plant: (from) =>
      (statement(from, 'VerifierRole', 'AskIssuingAdapters').Resource = statement(
        from,
        'CleanupRole',
        'AskRetiringAdapters',
      ).Resource),
  },
  {
    rule: 'a role publishes the facts that are its own, as keyturn, on our bus; the announcer one more on the default bus, if at all',
    broken: (from) =>
      where(grantsOf(from, 'events:'), (grant) => {
        // Forwarding to a subscriber's bus is EventBridge's own.
        if (grant.role.startsWith('Subscriber')) return false;
        const [source] = condition(grant, 'ForAllValues:StringEquals', 'events:source');
        const given = condition(grant, 'Null', 'events:source')[0] === 'false';
        const types = condition(grant, 'StringEquals', 'events:detail-type');
        const bus = resourcesOf(grant).join();
        const asBefore = grant.role === 'AnnouncerRole' && bus.endsWith(':event-bus/default');
        if (asBefore) return source !== 'secretsmanager' || !given || types.join() !== 'Secret Rotation';
        return source !== 'keyturn' || !given || types.length === 0 || bus !== 'Bus';
      }),
    plant: (from) => delete statement(from, 'CleanupRole', 'TellEnds').Condition!['StringEquals'],
  },
  {
    rule: 'a function writes to its own log',
    broken: (from) =>
      where(
        grantsOf(from, 'logs:'),
        (grant) =>
          resourcesOf(grant)
            .map((arn) => /log-group:\/aws\/lambda\/([\w-]+):\*$/.exec(arn)?.[1] ?? '')
            .toSorted()
            .join() !==
          functionsOf(from, grant.role)
            .map(({ name }) => name)
            .toSorted()
            .join(),
      ),
    plant: (from) =>
      (statement(from, 'NotifierRole', 'Log').Resource = statement(from, 'VerifierRole', 'Log').Resource),
  },
  {
    rule: 'cleanup asks who reads old versions, cleanup and watchdog how old a version is, of secrets that are ours',
    broken: (from) =>
      where(
        grantsOf(from, 'secretsmanager:ListSecretVersionIds'),
        (grant) => !['CleanupRole', 'WatchdogRole'].includes(grant.role) || !demandsTag(grant),
      ).concat(grantsOf(from, 'secretsmanager:ListSecretVersionIds').length === 2 ? [] : ['somebody may not ask']),
    plant: (from) => delete statement(from, 'CleanupRole', 'SeeReaders').Condition,
  },
  {
    rule: 'who only tells writes to a partition of its own, and to no row that decides about keys',
    broken: (from) => {
      const own: Readonly<Record<string, readonly string[]>> = {
        VerifierRole: ['read#*'],
        NotifierRole: ['told#*'],
        // Leases, too, and what it is about to end.
        WatchdogRole: ['watch#*', 'target#*', 'breaker'],
      };
      return where(grantsOf(from, 'dynamodb:PutItem'), (grant) => {
        const partitions = own[grant.role];
        const rows = condition(grant, 'ForAllValues:StringLike', 'dynamodb:LeadingKeys');
        // ForAllValues holds for a request without the key, too.
        const given = condition(grant, 'Null', 'dynamodb:LeadingKeys')[0] === 'false';
        return partitions !== undefined && (rows.join() !== partitions.join() || !given);
      });
    },
    plant: (from) => delete statement(from, 'VerifierRole', 'NoteOwnReads').Condition!['Null'],
  },
  {
    rule: 'only the sweep and cleanup read the index of due rows; they and the watchdog the fleet flag',
    broken: (from) =>
      where(
        [...grantsOf(from, 'dynamodb:'), ...grantsOf(from, 'ssm:GetParameter'), ...grantsOf(from, 'ssm:PutParameter')],
        (grant) =>
          grant.role !== 'CleanupRole' &&
          resourcesOf(grant).join() !== 'Table' &&
          !(grant.role === 'WatchdogRole' && grant.statement.Action === 'ssm:GetParameter'),
      ),
    plant: (from) =>
      (statement(from, 'NotifierRole', 'KeepThreads').Resource = { 'Fn::Sub': '${Table.Arn}/index/due' }),
  },
];
