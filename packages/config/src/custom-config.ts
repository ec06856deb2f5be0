import * as z from 'zod';

import { duration } from './duration.ts';
import type { Problems } from './problem.ts';
import { providerFields } from './provider-fields.ts';

const functionArn = z
  .string()
  .regex(
    /^arn:aws[\w-]*:lambda:[a-z0-9-]+:\d{12}:function:[\w-]{1,64}(:[\w-]+)?$/,
    'the ARN of a Lambda function, or of an alias of it',
  );

/** An adapter that a team of its own writes and deploys: docs/write-an-adapter.md. Keyturn reads no secret for it and deploys nothing. */
export const custom = z.strictObject({
  kind: z.literal('custom'),
  functions: z
    .strictObject({ issue: functionArn, retire: functionArn })
    .meta({ description: 'Of the same Region; in another account they allow the roles of this stage to invoke them' }),
  orphans: providerFields.orphans,
  propagation: duration.meta({ description: 'No node needs longer to accept a new key' }),
  revocation: duration.meta({ description: 'No node accepts a disabled key for longer' }),
  usage: z
    .strictObject({
      lag: duration.meta({ description: 'How long a call may take to show' }),
      range: duration.prefault('7d').meta({ description: 'How far back calls are known' }),
    })
    .optional()
    .meta({ description: 'How well the provider knows when a key was last used, for a policy with unusedFor' }),
});
export type CustomConfig = z.output<typeof custom>;

/** What the schema cannot say of one. */
export function* checkCustom(at: string, { functions: { issue, retire } }: CustomConfig): Problems {
  const [ofIssue, ofRetire] = [issue, retire].map((arn) => arn.split(':').slice(0, 7).join(':'));
  if (ofIssue === ofRetire) {
    yield {
      field: `${at}.functions.retire`,
      message: 'is the function that issues: IAM could not tell any more who may disable and delete',
    };
  }
}
