import * as z from 'zod';

import { parseArn } from './arn.ts';
import { busAllows } from './bus-policy.ts';
import type { Archives } from './event-archives.ts';
import { ruleStates, type EventBuses, type NewEvent, type Rule } from './event-bridge.ts';
import type { Target } from './event-delivery.ts';
import { eventPattern } from './event-pattern.ts';
import { operation, type Operations } from './operation.ts';
import { ServiceError, validation } from './service-error.ts';
import { checkTargetInput } from './target-input.ts';

const name = z.string().regex(/^[\w.-]{1,64}$/);
const busName = z.string().optional();
const text = z.string().optional();
const page = z.object({
  Limit: z.int().min(1).max(100).optional(),
  NextToken: z.undefined({ error: 'is unknown' }).optional(),
});

const rule = z.object({
  Name: name,
  EventBusName: busName,
  EventPattern: text,
  ScheduleExpression: text,
  State: z.enum(ruleStates).default('ENABLED'),
  Description: text,
});

const target = z.object({
  Id: name,
  Arn: z.string(),
  RoleArn: text,
  Input: text,
  InputPath: text,
  InputTransformer: z
    .object({ InputPathsMap: z.record(z.string(), z.string()).optional(), InputTemplate: z.string() })
    .optional(),
  DeadLetterConfig: z.object({ Arn: text }).optional(),
  RetryPolicy: z
    .object({
      MaximumRetryAttempts: z.int().min(0).max(185).optional(),
      MaximumEventAgeInSeconds: z.int().min(60).max(86_400).optional(),
    })
    .optional(),
});

const ruleRef = z.object({ Name: name, EventBusName: busName });
const targetsOf = z.object({ Rule: name, EventBusName: busName });
const entry = z.object({
  Source: text,
  DetailType: text,
  Detail: text,
  EventBusName: text,
  Resources: z.array(z.string()).optional(),
  Time: z.number().optional(),
  TraceHeader: text,
});
type Entry = z.output<typeof entry>;

/** EventBridge's JSON operations. */
export function eventBridge(buses: EventBuses, archives: Archives): Operations {
  return {
    ...busOperations(buses),
    ...ruleOperations(buses),
    ...archives.operations,

    PutEvents: operation(z.object({ Entries: z.array(entry).min(1).max(10) }), ({ Entries }, { account }) => {
      const size = Entries.reduce((sum, each) => sum + sizeOf(each), 0);
      if (size > 1_048_576) throw validation('Total size of the entries in the request is over the limit.');
      if (account !== undefined) checkForeign(buses, account, Entries);
      const results = Entries.map((each) => put(buses, each, account));
      return { FailedEntryCount: results.filter((result) => 'ErrorCode' in result).length, Entries: results };
    }),

    TestEventPattern: operation(
      z.object({ EventPattern: z.string(), Event: z.string() }),
      ({ EventPattern, Event }) => ({
        Result: eventPattern(EventPattern)(
          jsonObject(Event) ?? throwing(validation('The event is not a JSON object.')),
        ),
      }),
    ),
  };
}

/** Another account puts where the policy of the bus lets it, or nothing. */
function checkForeign(buses: EventBuses, account: string, entries: readonly Entry[]): void {
  for (const { EventBusName, Source: source = '', DetailType: detailType = '' } of entries) {
    const { arn, policy } = buses.find(EventBusName);
    if (account === parseArn(arn)?.account || busAllows(arn, policy, { account, source, detailType })) continue;
    throw new ServiceError('AccessDeniedException', `Account ${account} may not put this event.`, { status: 403 });
  }
}

function put(
  buses: EventBuses,
  each: Entry,
  account: string | undefined,
): { EventId: string } | { ErrorCode: string; ErrorMessage: string } {
  const { Source: source, DetailType: detailType, Detail = '', EventBusName: bus = 'default' } = each;
  if (source === undefined || detailType === undefined || Detail === '') {
    return refused('InvalidArgument', 'Parameter Source, DetailType or Detail is not valid. Reason: it is required.');
  }
  const detail = jsonObject(Detail);
  if (detail === undefined) return refused('MalformedDetail', 'Detail is malformed.');
  if (source.startsWith('aws.'))
    return refused('NotAuthorizedForSourceException', `Not authorized for the source ${source}.`);
  // AWS takes such an entry and drops it. Nobody would notice here either.
  if (!buses.has(bus)) return refused('ResourceNotFoundException', `Event bus ${bus} does not exist.`);
  const event: NewEvent = {
    source,
    'detail-type': detailType,
    resources: each.Resources ?? [],
    detail,
    ...(account && { account }),
  };
  const time = each.Time === undefined ? {} : { time: `${new Date(each.Time * 1000).toISOString().slice(0, 19)}Z` };
  return { EventId: buses.put(buses.find(bus), { ...event, ...time }).id };
}

const refused = (ErrorCode: string, ErrorMessage: string) => ({ ErrorCode, ErrorMessage });

/** As AWS counts an entry. */
function sizeOf({ Source = '', DetailType = '', Detail = '', Resources = [], Time }: Entry): number {
  return [Source, DetailType, Detail, ...Resources].reduce(
    (sum, part) => sum + Buffer.byteLength(part),
    Time === undefined ? 0 : 14,
  );
}

function busOperations(buses: EventBuses): Operations {
  return {
    CreateEventBus: operation(z.object({ Name: name }), ({ Name }) => ({ EventBusArn: buses.create(Name).arn })),
    DeleteEventBus: operation(z.object({ Name: z.string() }), ({ Name }) => {
      if (Name === 'default') throw validation('Cannot delete event bus default.');
      if (buses.has(Name)) buses.remove(buses.find(Name));
    }),
    DescribeEventBus: operation(z.object({ Name: text }), ({ Name }) => {
      const { name: found, arn, createdAt } = buses.find(Name);
      return { Name: found, Arn: arn, CreationTime: createdAt };
    }),
    PutPermission: operation(z.object({ EventBusName: text, Policy: z.string() }), ({ EventBusName, Policy }) => {
      buses.find(EventBusName).policy = Policy;
    }),
    ListEventBuses: operation(page.extend({ NamePrefix: z.string().default('') }), ({ NamePrefix }) => ({
      EventBuses: buses
        .list()
        .filter((bus) => bus.name.startsWith(NamePrefix))
        .map((bus) => ({ Name: bus.name, Arn: bus.arn, CreationTime: bus.createdAt })),
    })),
  };
}

function ruleOperations(buses: EventBuses): Operations {
  const find = (ruleName: string, bus: string | undefined): Rule => {
    const found = buses.find(bus).rules.get(ruleName);
    if (found !== undefined) return found;
    throw new ServiceError(
      'ResourceNotFoundException',
      `Rule ${ruleName} does not exist on EventBus ${bus ?? 'default'}.`,
    );
  };
  return {
    PutRule: operation(rule, (input) => {
      const { EventPattern: pattern, ScheduleExpression: schedule } = input;
      if (pattern === undefined && schedule === undefined) {
        throw validation('Parameter(s) EventPattern or ScheduleExpression must be specified.');
      }
      const created = { name: input.Name, pattern, schedule, description: input.Description, state: input.State };
      return { RuleArn: buses.putRule(buses.find(input.EventBusName), created).arn };
    }),
    DescribeRule: operation(ruleRef, (input) => told(find(input.Name, input.EventBusName))),
    EnableRule: operation(ruleRef, (input) => void (find(input.Name, input.EventBusName).state = 'ENABLED')),
    DisableRule: operation(ruleRef, (input) => void (find(input.Name, input.EventBusName).state = 'DISABLED')),
    DeleteRule: operation(ruleRef, (input) => {
      const bus = buses.find(input.EventBusName);
      if ((bus.rules.get(input.Name)?.targets.size ?? 0) > 0)
        throw validation("Rule can't be deleted since it has targets.");
      bus.rules.delete(input.Name);
    }),
    ListRules: operation(page.extend({ EventBusName: busName, NamePrefix: z.string().default('') }), (input) => ({
      Rules: [...buses.find(input.EventBusName).rules.values()]
        .filter((each) => each.name.startsWith(input.NamePrefix))
        .map(told),
    })),
    PutTargets: operation(targetsOf.extend({ Targets: z.array(target).min(1).max(100) }), (input) => {
      putTargets(find(input.Rule, input.EventBusName), input.Targets);
      return { FailedEntryCount: 0, FailedEntries: [] };
    }),
    RemoveTargets: operation(targetsOf.extend({ Ids: z.array(z.string()) }), (input) => {
      const { targets } = find(input.Rule, input.EventBusName);
      for (const id of input.Ids) targets.delete(id);
      return { FailedEntryCount: 0, FailedEntries: [] };
    }),
    ListTargetsByRule: operation(page.extend(targetsOf.shape), (input) => ({
      Targets: [...find(input.Rule, input.EventBusName).targets.values()],
    })),
  };
}

/** N12: at most five targets a rule. */
export function putTargets({ targets }: Rule, added: readonly Target[]): void {
  for (const each of added) {
    checkTargetInput(each);
    if (!/^arn:aws:(sqs|lambda|events):/.test(each.Arn)) {
      throw validation(
        `Parameter ${each.Arn} is not valid. Reason: local-aws delivers to queues, functions and buses.`,
      );
    }
  }
  if (new Set([...targets.keys(), ...added.map(({ Id }) => Id)]).size > 5) {
    throw new ServiceError('LimitExceededException', 'The requested resource exceeds the maximum number allowed.');
  }
  for (const each of added) targets.set(each.Id, each);
}

const told = (each: Rule) => ({
  Name: each.name,
  Arn: each.arn,
  EventBusName: each.busName,
  EventPattern: each.pattern?.text,
  ScheduleExpression: each.schedule,
  State: each.state,
  Description: each.description,
});

function jsonObject(source: string): object | undefined {
  try {
    const value: unknown = JSON.parse(source);
    return typeof value === 'object' && value !== null && !Array.isArray(value) ? value : undefined;
  } catch {
    return undefined;
  }
}

function throwing(error: Error): never {
  throw error;
}
