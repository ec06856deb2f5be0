import { parseSchedule } from '@keyturn/aws/schedule-expression';
import type { Clock } from '@keyturn/rotation/clock';

import { arn, parseArn, type Place } from './arn.ts';
import type { Delivery, Target } from './event-delivery.ts';
import { eventPattern, type Pattern } from './event-pattern.ts';
import { ServiceError } from './service-error.ts';

export type NewEvent = {
  readonly source: string;
  readonly 'detail-type': string;
  readonly resources: readonly string[];
  readonly detail: unknown;
  /** ISO 8601. */
  readonly time?: string;
  /** Who put it; ours unless given. */
  readonly account?: string;
};

export type EventEnvelope = Required<NewEvent> & {
  readonly version: '0';
  readonly id: string;
  readonly region: string;
  readonly 'replay-name'?: string;
};

export type Rule = {
  readonly name: string;
  readonly arn: string;
  readonly busName: string;
  readonly pattern: { readonly text: string; readonly fits: Pattern } | undefined;
  readonly schedule: string | undefined;
  readonly description: string | undefined;
  state: RuleState;
  readonly targets: Map<string, Target>;
  /** When a schedule fires next, in milliseconds since 1970. */
  nextAt: number | undefined;
};

export const ruleStates = ['ENABLED', 'DISABLED', 'ENABLED_WITH_ALL_CLOUDTRAIL_MANAGEMENT_EVENTS'] as const;
export type RuleState = (typeof ruleStates)[number];

export type Bus = {
  readonly name: string;
  readonly arn: string;
  readonly rules: Map<string, Rule>;
  readonly createdAt: Date;
  /** Who else may put events, as JSON. */
  policy: string;
};

export type NewRule = Pick<Rule, 'name' | 'schedule' | 'description' | 'state'> & {
  readonly pattern: string | undefined;
};

export type EventBuses = {
  /** `default` and those that were created. By name or ARN; ResourceNotFoundException. */
  find(nameOrArn: string | undefined): Bus;
  has(nameOrArn: string): boolean;
  create(name: string): Bus;
  remove(bus: Bus): void;
  list(): readonly Bus[];
  putRule(bus: Bus, rule: NewRule): Rule;
  /** Takes an event in: its rules get it, and whoever listens. */
  put(bus: Bus, event: NewEvent & { readonly 'replay-name'?: string }): EventEnvelope;
  /** An event that was put before, on another bus. */
  forward(bus: Bus, event: EventEnvelope): void;
  /** Fires the schedules that are due. */
  fireDue(): void;
};

const fiveMinutesMs = 300_000;

export type BusesOptions = {
  readonly place: Place;
  readonly clock: Clock;
  readonly delivery: () => Delivery;
  /** If given, a schedule of `rate(5 minutes)` fires that often, and any other rate() in proportion. */
  readonly sweepEveryMs: number | undefined;
  readonly onEvent: (bus: Bus, event: EventEnvelope) => void;
};

function nextFiring(schedule: string, now: number, sweepEveryMs: number | undefined): number | undefined {
  const parsed = parseSchedule(schedule);
  if (sweepEveryMs === undefined || parsed?.kind !== 'rate') return parsed?.next(now);
  return now + Math.ceil(((parsed.next(0) ?? 0) / fiveMinutesMs) * sweepEveryMs);
}

export function eventBuses({ place, clock, delivery, sweepEveryMs, onEvent }: BusesOptions): EventBuses {
  const buses = new Map<string, Bus>();

  const create = (name: string): Bus => {
    if (buses.has(name)) throw new ServiceError('ResourceAlreadyExistsException', `Event bus ${name} already exists.`);
    const bus = {
      name,
      arn: arn(place, 'events', `event-bus/${name}`),
      rules: new Map(),
      createdAt: new Date(clock.now()),
      policy: '',
    };
    buses.set(name, bus);
    return bus;
  };
  const nameOf = (nameOrArn: string) => nameOrArn.replace(/^arn:.*:event-bus\//, '');

  const route = (bus: Bus, event: EventEnvelope) => {
    onEvent(bus, event);
    for (const rule of bus.rules.values()) {
      if (rule.state !== 'DISABLED' && rule.pattern?.fits(event) === true) deliverAll(rule, event);
    }
  };
  const deliverAll = (rule: Rule, event: EventEnvelope) => {
    for (const target of rule.targets.values()) delivery().deliver(rule, target, event);
  };
  const envelope = (event: NewEvent): EventEnvelope => ({
    version: '0',
    id: crypto.randomUUID(),
    account: place.account,
    region: place.region,
    ...event,
    time: event.time ?? `${new Date(clock.now()).toISOString().slice(0, 19)}Z`,
  });
  const nextAt = (schedule: string) => nextFiring(schedule, clock.now(), sweepEveryMs);

  create('default');

  return {
    create,
    has: (nameOrArn) => buses.has(nameOf(nameOrArn)) && isLocal(nameOrArn, place),
    list: () => [...buses.values()],
    remove: ({ name }) => void buses.delete(name),
    forward: (bus, event) => route(bus, { ...event, id: crypto.randomUUID() }),
    find(nameOrArn = 'default') {
      const bus = buses.get(nameOf(nameOrArn));
      if (bus !== undefined && isLocal(nameOrArn, place)) return bus;
      throw new ServiceError('ResourceNotFoundException', `Event bus ${nameOf(nameOrArn)} does not exist.`);
    },
    putRule(bus, input) {
      if (input.schedule !== undefined) checkSchedule(bus, input.schedule);
      const rule = ruleOf(bus, input, place);
      rule.nextAt = input.schedule === undefined ? undefined : nextAt(input.schedule);
      bus.rules.set(rule.name, rule);
      return rule;
    },
    put(bus, event) {
      const put = envelope(event);
      route(bus, put);
      return put;
    },
    fireDue() {
      for (const rule of buses.get('default')?.rules.values() ?? []) {
        if (rule.nextAt === undefined || rule.nextAt > clock.now()) continue;
        rule.nextAt = nextAt(rule.schedule ?? '');
        if (rule.state === 'DISABLED') continue;
        const tick = { source: 'aws.events', 'detail-type': 'Scheduled Event', resources: [rule.arn], detail: {} };
        deliverAll(rule, envelope(tick));
      }
    },
  };
}

/** A rule that is put again keeps its targets. */
function ruleOf(bus: Bus, { name, pattern, schedule, description, state }: NewRule, place: Place): Rule {
  return {
    name,
    arn: arn(place, 'events', `rule/${bus.name === 'default' ? name : `${bus.name}/${name}`}`),
    busName: bus.name,
    pattern: pattern === undefined ? undefined : { text: pattern, fits: eventPattern(pattern) },
    schedule,
    description,
    state,
    targets: bus.rules.get(name)?.targets ?? new Map<string, Target>(),
    nextAt: undefined,
  };
}

const isLocal = (nameOrArn: string, { account, region }: Place) => {
  if (!nameOrArn.startsWith('arn:')) return true;
  const parsed = parseArn(nameOrArn);
  return parsed?.account === account && parsed.region === region;
};

function checkSchedule(bus: Bus, schedule: string): void {
  if (bus.name !== 'default') {
    throw new ServiceError('ValidationException', 'ScheduleExpression is supported only on the default event bus.');
  }
  if (parseSchedule(schedule) === undefined) {
    throw new ServiceError('ValidationException', 'Parameter ScheduleExpression is not valid.');
  }
}
