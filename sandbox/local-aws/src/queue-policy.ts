import * as z from 'zod';

import { parseArn } from './arn.ts';
import { matchesArn } from './lambda.ts';
import type { Queue } from './sqs-queue.ts';
import { parsedJson } from './sqs-queues.ts';

const oneOrMore = z.union([z.string(), z.array(z.string())]).transform((value) => [value].flat());
const policy = z.object({
  Statement: z.union([z.array(z.unknown()), z.unknown().transform((one) => [one])]),
});
/** A statement of another form allows nothing here. */
const statement = z.strictObject({
  Sid: z.string().optional(),
  Effect: z.literal('Allow'),
  Principal: z.union([z.literal('*'), z.strictObject({ Service: oneOrMore }), z.strictObject({ AWS: z.literal('*') })]),
  Action: oneOrMore,
  Resource: oneOrMore,
  Condition: z.record(z.string(), z.record(z.string(), oneOrMore)).default({}),
});

type Sender = { readonly principal: string; readonly sourceArn: string };

/** Whether the queue's policy lets a service send. IAM identities are not played: our own clients need no policy. */
export function queueAllows(queue: Queue, sender: Sender): boolean {
  const parsed = policy.safeParse(parsedJson(queue.settings.policy ?? ''));
  return (parsed.data?.Statement ?? []).some((each) => {
    const allowed = statement.safeParse(each).data;
    return allowed !== undefined && permits(allowed, queue, sender);
  });
}

function permits(
  { Principal, Action, Resource, Condition }: z.output<typeof statement>,
  queue: Queue,
  sender: Sender,
): boolean {
  const services = typeof Principal === 'object' && 'Service' in Principal ? Principal.Service : [sender.principal];
  return (
    services.includes(sender.principal) &&
    Action.some((action) => ['sqs:sendmessage', 'sqs:*', '*'].includes(action.toLowerCase())) &&
    Resource.some((resource) => matchesArn(resource, queue.arn)) &&
    Object.entries(Condition).every(([operator, facts]) =>
      Object.entries(facts).every(([key, wanted]) => holds(operator, key.toLowerCase(), wanted, sender)),
    )
  );
}

function holds(operator: string, key: string, wanted: readonly string[], { sourceArn }: Sender): boolean {
  if (key === 'aws:sourcearn')
    return /^(Arn|String)(Equals|Like)$/.test(operator) && wanted.some((arn) => matchesArn(arn, sourceArn));
  if (key === 'aws:sourceaccount')
    return operator === 'StringEquals' && wanted.includes(parseArn(sourceArn)?.account ?? '');
  return false;
}
