import * as z from 'zod';

/** How long CloudWatch can keep a log, in days; any other number is refused by AWS. */
export const logRetentions = [
  1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 2192, 2557, 2922, 3288, 3653,
] as const;

/** The forms of AWS, also for the parameters of the template: an empty parameter means that it is not used. */
export const deploymentPatterns = {
  permissionsBoundary: String.raw`arn:aws[a-z-]*:iam::(\d{12}|aws):policy/[\w+=,.@/-]+`,
  rolePath: String.raw`/([\x21-\x2e\x30-\x7e]+/)*`,
  kmsKey: String.raw`arn:aws[a-z-]*:kms:[a-z0-9-]+:\d{12}:key/[\w-]+`,
  topic: String.raw`arn:aws[a-z-]*:sns:[a-z0-9-]+:\d{12}:[\w-]+`,
} as const;

const field = (pattern: string, what: string) => z.string().regex(new RegExp(`^${pattern}$`), what);

const tagKey = z
  .string()
  .regex(
    /^(?!aws:|keyturn:)[\w\s.:/=+@-]{1,128}$/i,
    'a tag that begins with neither aws: nor keyturn:, 128 characters',
  );

/** What a platform asks of everything that is deployed. All but tags and alarms are defaults of the template's parameters. */
export const deployment = z.strictObject({
  permissionsBoundary: field(deploymentPatterns.permissionsBoundary, 'the ARN of a managed policy')
    .optional()
    .meta({ description: 'Of every role' }),
  rolePath: field(deploymentPatterns.rolePath, 'a path such as /teams/platform/, with a slash at both ends')
    .max(512)
    .default('/')
    .meta({ description: 'Of every role' }),
  kmsKey: field(deploymentPatterns.kmsKey, 'the ARN of a KMS key; an alias will not do').optional().meta({
    description: 'For bus, archive, queues, table, logs, topic and variables; its policy: docs/encryption.md',
  }),
  logRetention: z.literal(logRetentions).default(90).meta({ description: 'Days for which a function keeps its log' }),
  tags: z
    .record(tagKey, z.string().max(256))
    .default({})
    .meta({ description: 'Of the stack, which hands them on to what is in it' }),
  alarms: z
    .strictObject({
      mail: z.array(z.email()).default([]).meta({ description: 'Each has to confirm a mail of SNS once' }),
      topic: field(deploymentPatterns.topic, 'the ARN of a topic')
        .optional()
        .meta({ description: 'An SNS topic of yours that hears every alarm too' }),
    })
    .prefault({})
    .meta({ description: 'Who hears that Keyturn itself is unwell' }),
});
