import type { Call } from './calls.ts';
import type { At, Fault } from './fault.ts';
import { intruders } from './intruders.ts';
import { hour } from './lab-config.ts';
import type { LabProviderFactory } from './lab-provider.ts';
import { hearWorld } from './hear-world.ts';
import { isAtRest, judgeBugs, judgeCalm, judgeDeadLetters, judgeEnd } from './judge-end.ts';
import { judgeNotices } from './judge-notices.ts';
import { leakWatch, type LeakCounts, type LeakWatch } from './leak-watch.ts';
import type { Violation } from './oracle-options.ts';
import { oweTelling } from './owe-telling.ts';
import { removeUnknown, repair } from './repair.ts';
import { startAt } from './ground.ts';
import { world, type World } from './world.ts';

export type Intrusion = {
  /** In the moment before this call. */
  readonly at: At;
  readonly who: string;
};

/** What happens where nothing goes wrong. Times in milliseconds since the beginning. */
export type Story = {
  /** Its first key bears our mark already, as `keyturn adopt` leaves it; or somebody attached the secret by other means. */
  readonly adopted: boolean;
  readonly rotationsAt: readonly number[];
  /** When the watchdog passes by: not each hour, which would be the same again and again. */
  readonly watchesAt: readonly number[];
  /** Until then anything may go wrong; afterwards people repair what they are told of, and nothing else does. */
  readonly calmAt: number;
};

export const stories = {
  /** A rotation, and the end of the old key. */
  one: { adopted: true, rotationsAt: [0.5 * hour], watchesAt: [2 * hour], calmAt: 11 * hour },
  /** Two within one grace. */
  two: { adopted: false, rotationsAt: [0.5 * hour, 2.5 * hour], watchesAt: [1.5 * hour, 5 * hour], calmAt: 13 * hour },
} as const satisfies Record<string, Story>;
export type StoryName = keyof typeof stories;

/** Everything that makes one run what it is; the same plan gives the same run. */
export type Plan = {
  readonly story: StoryName;
  /** At most one at each call. */
  readonly faults: readonly Fault[];
  readonly intrusions: readonly Intrusion[];
  /** How long calls take, in milliseconds: the first, the second, and from the first again. None: no time, and nobody races. */
  readonly latencies?: readonly number[] | undefined;
  /** Owners are told, too: so many more calls that only the modes that are about them make them. */
  readonly notifier?: boolean | undefined;
  /** Also where everything is at rest long before, with one more rotation. */
  readonly toTheEnd?: boolean | undefined;
  /** Somebody looks for secrets wherever others read; the number says which secrets there are. */
  readonly leaks?: number | undefined;
};

export type Played = {
  readonly violations: readonly Violation[];
  readonly calls: readonly Call[];
  /** Faults that came to pass. */
  readonly struck: readonly Fault[];
  /** Strangers who came. */
  readonly came: readonly Intrusion[];
  /** Where somebody looked for secrets. */
  readonly leaks?: LeakCounts;
};

const afterCalm = {
  looksMs: [0.01, 2.1, 3.9].map((hours) => hours * hour),
  watchesMs: [0.25, 3, 5, 14, 15, 18].map((hours) => hours * hour),
  rotationMs: 4 * hour,
  askedMs: 13 * hour,
  endMs: 25 * hour,
};

/** `watch`: of whoever wants to see what it heard. */
export async function play(
  provider: LabProviderFactory,
  plan: Plan,
  watch = plan.leaks === undefined ? undefined : leakWatch(plan.leaks),
): Promise<Played> {
  if (watch === undefined) return run(provider, plan, undefined);
  return { ...(await watch.listen(() => run(provider, plan, watch))), leaks: watch.counts() };
}

async function run(provider: LabProviderFactory, plan: Plan, watch: LeakWatch | undefined): Promise<Played> {
  const story = stories[plan.story];
  const calmAt = startAt + story.calmAt;
  const came: Intrusion[] = [];
  const strangers = Map.groupBy(plan.intrusions, ({ at }) => at);
  const w = await world({
    provider,
    adopted: story.adopted,
    faults: plan.faults,
    calmAt,
    isSigned: [...plan.faults, ...plan.intrusions].some(({ at }) => typeof at === 'string'),
    notifier: plan.notifier ?? false,
    watch,
    latency: cycle(plan.latencies),
    before: ({ number, sign }, world) => {
      if (world.scheduler.now() >= calmAt) return;
      // In one moment they come in the order of the plan.
      for (const stranger of [...(strangers.get(number) ?? []), ...(strangers.get(sign) ?? [])]) {
        came.push(stranger);
        intruderNamed(stranger.who)(world);
      }
    },
  });
  const judgeTelling = oweTelling(w, plan);
  for (const time of story.rotationsAt) w.scheduler.at(startAt + time, () => w.rotate());
  // Rotation cannot be switched on while a version is stuck, which the watchdog clears: whoever is refused tries again later.
  for (const time of [calmAt, calmAt + 2 * hour, calmAt + 3.5 * hour]) w.scheduler.at(time, () => repair(w));
  // What the last rotation asks of a person is done before the watchdog has it go on.
  w.scheduler.at(calmAt + afterCalm.askedMs, () => removeUnknown(w));
  const watches = [
    ...story.watchesAt.map((time) => startAt + time),
    ...afterCalm.watchesMs.map((time) => calmAt + time),
  ];
  for (const time of watches) w.scheduler.at(time, () => w.watch());
  const lastRotationAt = calmAt + afterCalm.rotationMs;
  w.scheduler.at(lastRotationAt, () => w.rotate());
  const cameToRest = plan.toTheEnd !== true && (await comesToRest(w, calmAt));
  if (!cameToRest) {
    await w.scheduler.runUntil(lastRotationAt - 1);
    judgeCalm(w);
    await w.scheduler.runUntil(calmAt + afterCalm.endMs);
    judgeEnd(w, lastRotationAt);
  }
  judgeBugs(w);
  if (plan.intrusions.length === 0 && plan.faults.length <= 1) judgeDeadLetters(w);
  judgeTelling();
  if (plan.notifier === true) judgeNotices(w, plan);
  if (watch !== undefined) {
    await hearWorld(w, watch);
    for (const { sink, secret, form } of watch.leaks()) w.oracle.broken('I6', `${sink}: a ${secret}, ${form}`);
  }
  return { violations: w.oracle.violations, calls: w.calls.made, struck: w.calls.struck, came };
}

/** Of a plan, what did not come to pass: its call was never made, or nothing like that can happen to it. */
export function missing({ faults, intrusions }: Plan, { struck, came }: Pick<Played, 'struck' | 'came'>) {
  return [
    ...faults.filter((fault) => !struck.includes(fault)).map(({ at, kind }) => `${kind} at ${at}`),
    ...intrusions.filter((stranger) => !came.includes(stranger)).map(({ at, who }) => `${who} at ${at}`),
  ];
}

/** What was broken, each once. */
export function inWords({ violations }: Pick<Played, 'violations'>): string {
  return [...new Set(violations.map(({ rule, what }) => `${rule}: ${what}`))].join('; ');
}

async function comesToRest(w: World, calmAt: number): Promise<boolean> {
  for (const time of afterCalm.looksMs) {
    await w.scheduler.runUntil(calmAt + time);
    if (isAtRest(w)) return true;
  }
  return false;
}

function intruderNamed(who: string): (world: World) => void {
  const intruder = intruders[who];
  if (intruder === undefined)
    throw new Error(`Nobody is called ${who}; there are ${Object.keys(intruders).join(', ')}`);
  return intruder;
}

function cycle(latencies: readonly number[] | undefined): (() => number) | undefined {
  if (latencies === undefined || latencies.length === 0) return undefined;
  let next = 0;
  return () => latencies[next++ % latencies.length] ?? 0;
}

/** The calls of an undisturbed run that may be disturbed: those before everything calms down. */
export async function disturbable(
  provider: LabProviderFactory,
  story: StoryName,
  notifier = false,
): Promise<readonly Call[]> {
  const { calls } = await play(provider, { story, faults: [], intrusions: [], notifier });
  return beforeCalm(story, calls);
}

/** Those that a fault can strike. */
export function beforeCalm(story: StoryName, calls: readonly Call[]): readonly Call[] {
  return calls.filter(({ time }) => time < startAt + stories[story].calmAt);
}
