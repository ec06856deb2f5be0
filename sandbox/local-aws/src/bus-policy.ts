import * as z from 'zod';

import { matchesArn } from './lambda.ts';
import { parsedJson } from './sqs-queues.ts';

const oneOrMore = z.union([z.string(), z.array(z.string())]).transform((value) => [value].flat());
/** A statement of another form allows nothing here. */
const statement = z.strictObject({
  Sid: z.string().optional(),
  Effect: z.literal('Allow'),
  Principal: z.strictObject({ AWS: oneOrMore }),
  Action: oneOrMore,
  Resource: oneOrMore,
  Condition: z.record(z.string(), z.record(z.string(), oneOrMore)).default({}),
});
const policy = z.object({ Statement: z.array(z.unknown()) });

export type ForeignEntry = { readonly account: string; readonly source: string; readonly detailType: string };

/** Whether the policy of a bus lets another account put this entry. Accounts alone are played: no users, no roles. */
export function busAllows(busArn: string, text: string, entry: ForeignEntry): boolean {
  const statements = policy.safeParse(parsedJson(text)).data?.Statement ?? [];
  return statements.some((each) => {
    const allowed = statement.safeParse(each).data;
    return allowed !== undefined && permits(allowed, busArn, entry);
  });
}

function permits(
  { Principal, Action, Resource, Condition }: z.output<typeof statement>,
  arn: string,
  entry: ForeignEntry,
) {
  const accounts = Principal.AWS.map((principal) => /^(?:arn:aws:iam::)?(\d{12})(?::root)?$/.exec(principal)?.[1]);
  return (
    accounts.includes(entry.account) &&
    Action.includes('events:PutEvents') &&
    Resource.some((resource) => matchesArn(resource, arn)) &&
    Object.entries(Condition).every(([operator, facts]) =>
      Object.entries(facts).every(([key, wanted]) => holds(operator, key, wanted, entry)),
    )
  );
}

function holds(
  operator: string,
  key: string,
  wanted: readonly string[],
  { source, detailType }: ForeignEntry,
): boolean {
  const value = new Map([
    ['events:source', source],
    ['events:detail-type', detailType],
  ]).get(key);
  if (value === undefined) return false;
  // An entry always has both.
  if (operator === 'Null') return wanted.includes('false');
  return ['StringEquals', 'ForAllValues:StringEquals'].includes(operator) && wanted.includes(value);
}
