import type { Check } from './check-template.ts';
import { grants, resourcesOf, statement, type Grant } from './roles.ts';
import { list } from './template.ts';

/** What every function may: its own log and traces, and its own variables where the stage has a key. */
const anyFunction = [
  'logs:CreateLogStream own log',
  'logs:PutLogEvents own log',
  'xray:PutTraceSegments *',
  'xray:PutTelemetryRecords *',
  'kms:Decrypt key of the stage',
];
const consumer = (name: string) => [
  `sqs:ReceiveMessage ${name}Queue`,
  `sqs:DeleteMessage ${name}Queue`,
  `sqs:GetQueueAttributes ${name}Queue`,
  `sqs:ChangeMessageVisibility ${name}Queue`,
  `sqs:SendMessage ${name}Dlq`,
  'kms:GenerateDataKey key of the stage',
];
const ledger = [
  'dynamodb:GetItem Table',
  'dynamodb:PutItem Table',
  'kms:Encrypt key of the stage',
  'kms:ReEncryptFrom key of the stage',
  'kms:ReEncryptTo key of the stage',
  'kms:DescribeKey key of the stage',
];
const reader = [
  'secretsmanager:DescribeSecret managed secrets',
  'secretsmanager:GetSecretValue managed secrets',
  'kms:Decrypt keys of secrets',
];
/** What Lambda does by the role of a function to place it in a VPC; its own code is denied it. */
const placed = [
  'ec2:CreateNetworkInterface network interfaces',
  'ec2:CreateNetworkInterface its subnets',
  'ec2:CreateNetworkInterface its security groups',
  'ec2:DeleteNetworkInterface anything of ec2',
  'ec2:AssignPrivateIpAddresses network interfaces',
  'ec2:UnassignPrivateIpAddresses network interfaces',
  'ec2:DescribeNetworkInterfaces *',
  'ec2:DescribeSubnets *',
];
/** What hosts are asked, by the SSH adapter alone; which of its two functions sends which document is looked at by `privileges`. */
const hosts = [
  'ssm:SendCommand own document',
  'ssm:SendCommand hosts',
  'ssm:DescribeInstanceInformation *',
  'ssm:ListCommandInvocations *',
  'ssm:GetCommandInvocation *',
];
const adapter = [
  ...anyFunction,
  ...placed,
  'secretsmanager:GetSecretValue named secret',
  'kms:Decrypt keys of secrets',
];
const looksAtKeys = [
  'apigateway:GET API keys',
  'apigateway:GET API key',
  'apigateway:GET usage plans',
  'apigateway:GET anything of a usage plan',
];

/**
 * Role → what it may, as `action class-of-resource`: the table of who may do what, in full. Conditions are looked at by `privileges`. A role
 * that needs more is a decision: it gets a line here.
 */
const duties: readonly (readonly [RegExp, readonly string[]])[] = [
  [
    /^RotationHandlerRole$/,
    [
      ...anyFunction,
      ...reader,
      'secretsmanager:PutSecretValue managed secrets',
      'secretsmanager:UpdateSecretVersionStage managed secrets',
      // Which others may hold a key that bears no mark.
      'secretsmanager:ListSecrets *',
      'kms:GenerateDataKey keys of secrets',
      'lambda:InvokeFunction issue',
      'events:PutEvents Bus',
      'sqs:SendMessage AnnouncerQueue',
      'kms:GenerateDataKey key of the stage',
    ],
  ],
  [
    /^AnnouncerRole$/,
    [
      ...anyFunction,
      ...consumer('Announcer'),
      ...ledger,
      'secretsmanager:DescribeSecret managed secrets',
      'events:PutEvents Bus',
      // Where the configuration asks for the event of the Python package.
      'events:PutEvents default bus',
    ],
  ],
  [
    /^VerifierRole$/,
    [
      ...anyFunction,
      ...consumer('Verifier'),
      ...reader,
      // Its own reads of old versions, so that they are not taken for an application's.
      ...ledger,
      'lambda:InvokeFunction issue',
      'events:PutEvents Bus',
    ],
  ],
  [
    /^CleanupRole$/,
    [
      ...anyFunction,
      ...consumer('Cleanup'),
      ...reader,
      ...ledger,
      // When each version was last read.
      'secretsmanager:ListSecretVersionIds managed secrets',
      // Which others may hold a key that is to end.
      'secretsmanager:ListSecrets *',
      'secretsmanager:UpdateSecretVersionStage managed secrets',
      'dynamodb:DeleteItem Table',
      'dynamodb:Query Table',
      'dynamodb:Query due rows',
      'lambda:InvokeFunction issue',
      'lambda:InvokeFunction retire',
      'events:PutEvents Bus',
      'ssm:GetParameter fleet flag',
      // The breaker pauses the fleet.
      'ssm:PutParameter fleet flag',
      'sqs:SendMessage SweepDlq',
    ],
  ],
  [
    /^WatchdogRole$/,
    [
      ...anyFunction,
      ...ledger,
      'kms:GenerateDataKey key of the stage',
      // AWS knows no resource for it.
      'secretsmanager:ListSecrets *',
      'secretsmanager:DescribeSecret managed secrets',
      'secretsmanager:ListSecretVersionIds managed secrets',
      // The age of those that only people change.
      'secretsmanager:DescribeSecret named secret',
      // A stuck rotation goes on; AWS asks for both.
      'secretsmanager:RotateSecret managed secrets',
      'lambda:InvokeFunction rotation handler',
      'lambda:InvokeFunction issue',
      // Of providers that say `orphans: reap`.
      'lambda:InvokeFunction retire',
      'dynamodb:DeleteItem Table',
      'dynamodb:Query Table',
      'events:PutEvents Bus',
      'ssm:GetParameter fleet flag',
      'sqs:SendMessage AnnouncerQueue',
      'sqs:SendMessage CleanupQueue',
      'sqs:SendMessage WatchdogDlq',
    ],
  ],
  [
    /^NotifierRole$/,
    [
      ...anyFunction,
      ...consumer('Notifier'),
      ...ledger,
      ...placed,
      'secretsmanager:GetSecretValue named secret',
      'kms:Decrypt keys of secrets',
      'ses:SendEmail sender',
    ],
  ],
  // EventBridge's own, to forward.
  [/^Subscriber\w+Role$/, ['events:PutEvents bus of a subscriber']],
  [
    /^ApigatewayIssueRole$/,
    [
      ...adapter,
      ...looksAtKeys,
      'apigateway:POST API keys',
      'apigateway:POST keys of usage plans',
      'apigateway:DELETE keys of usage plans',
      'apigateway:PUT tags of API keys',
      // AWS asks for it to write a tag.
      'apigateway:PATCH API key',
    ],
  ],
  [/^ApigatewayRetireRole$/, [...adapter, ...looksAtKeys, 'apigateway:PATCH API key', 'apigateway:DELETE API key']],
  // Of the provider `hosts` in everything-on.ts.
  [/^Hosts(Issue|Retire)Role$/, [...anyFunction, ...placed, ...hosts]],
  [/^\w+(Issue|Retire)Role$/, adapter],
];

const classes: readonly (readonly [RegExp, string])[] = [
  [/:secret:\*$/, 'managed secrets'],
  [/:secret:[\w/+=.@-]+-(\?{6}|\w{6})$/, 'named secret'],
  [/^KmsKeyArn$/, 'key of the stage'],
  [/:kms:.*:key\/\*$/, 'keys of secrets'],
  [/:function:[\w${}:.-]+-rotation-handler$/, 'rotation handler'],
  [/:function:[\w-]+-issue(:live)?$/, 'issue'],
  [/:function:[\w-]+-retire(:live)?$/, 'retire'],
  [/:log-group:\/aws\/lambda\/[\w-]+:\*$/, 'own log'],
  [/\/index\/due$/, 'due rows'],
  [/:parameter\$\{FleetParameter\}$/, 'fleet flag'],
  [/:document\/keyturn-[\w-]+-(issue|retire)$/, 'own document'],
  [/:(ec2:.*:instance|ssm:.*:managed-instance)\/\*$/, 'hosts'],
  [/:ses:.*:identity\//, 'sender'],
  [/:network-interface\/\*$/, 'network interfaces'],
  [/:subnet\/subnet-\w+$/, 'its subnets'],
  [/:security-group\/sg-\w+$/, 'its security groups'],
  [/:ec2:.*:\*\/\*$/, 'anything of ec2'],
  [/:apigateway:[\w${}:]+::\/apikeys$/, 'API keys'],
  [/:apigateway:[\w${}:]+::\/apikeys\/\*$/, 'API key'],
  [/:apigateway:[\w${}:]+::\/usageplans$/, 'usage plans'],
  [/:apigateway:[\w${}:]+::\/usageplans\/\*$/, 'anything of a usage plan'],
  [/:apigateway:[\w${}:]+::\/usageplans\/\*\/keys(\/\*)?$/, 'keys of usage plans'],
  [/:apigateway:[\w${}:]+::\/tags\/arn%3A.*%2Fapikeys%2F\*$/, 'tags of API keys'],
  [/:event-bus\/default$/, 'default bus'],
  [/^arn:aws:events:[\w-]+:\d+:event-bus\//, 'bus of a subscriber'],
];
const classOf = (resource: string): string => classes.find(([form]) => form.test(resource))?.[1] ?? resource;

const powers = (grant: Grant): readonly string[] =>
  list(grant.statement.Action).flatMap((action) =>
    resourcesOf(grant).map((resource) => `${action} ${classOf(resource)}`),
  );

export const dutiesOfRoles: readonly Check[] = [
  {
    rule: 'each role holds what its function is for, and no more',
    broken: (from) =>
      grants(from).flatMap((grant) => {
        const allowed = duties.find(([role]) => role.test(grant.role))?.[1] ?? [];
        return powers(grant)
          .filter((power) => !allowed.includes(power))
          .map((power) => `${grant.role}: ${power}`);
      }),
    plant: (from) =>
      (statement(from, 'VerifierRole', 'ReadSecrets').Action = [
        'secretsmanager:DescribeSecret',
        'secretsmanager:ListSecretVersionIds',
      ]),
  },
  {
    rule: 'a role that nobody has decided about may do nothing',
    broken: (from) =>
      grants(from)
        .filter(({ role }) => !duties.some(([known]) => known.test(role)))
        .map(({ role }) => role),
    plant: (from) => (from.resources['WatchcatRole'] = structuredClone(from.resources['VerifierRole']!)),
  },
];
