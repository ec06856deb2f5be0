import { kindsFor, type Fault } from './fault.ts';
import { intruders } from './intruders.ts';
import type { LabProviderFactory } from './lab-provider.ts';
import { disturbable, type Plan, type StoryName } from './play.ts';

/** One fault at a time: every kind at every call. `notifier`: owners are told, too. */
export async function* singleFaults(provider: LabProviderFactory, notifier: boolean): AsyncGenerator<Plan> {
  const story = 'two';
  for (const fault of await faultsOf(provider, story, notifier)) {
    yield { story, faults: [fault], intrusions: [], notifier };
  }
}

type Thinning = { readonly sample: number; readonly seed: number };

/**
 * Single faults, and everybody once. Of the calls that one function makes of one thing, one of so many is disturbed, and at least one by every fault: however
 * large the sample, no call and no kind of fault is left out.
 */
export async function* leakPlans(provider: LabProviderFactory, { sample, seed }: Thinning): AsyncGenerator<Plan> {
  const story = 'two';
  const calls = await disturbable(provider, story, true);
  const alike = new Map<string, Fault[]>();
  for (const [at, { by, name }] of calls.entries()) {
    for (const kind of kindsFor(name)) {
      const what = `${by} ${name} ${kind}`;
      alike.set(what, [...(alike.get(what) ?? []), { at, kind }]);
    }
  }
  for (const group of alike.values()) {
    const first = seed % Math.min(sample, group.length);
    for (const fault of group.filter((_, index) => index % sample === first)) {
      yield { story, faults: [fault], intrusions: [], notifier: true };
    }
  }
  for (const [index, who] of Object.keys(intruders).entries()) {
    // Each in another moment.
    const at = Math.floor(((index + 0.5) * calls.length) / Object.keys(intruders).length);
    yield { story, faults: [], intrusions: [{ at, who }], notifier: true };
  }
}

/** Everybody at every call of one rotation and of two, alone and with every fault of that call. */
export async function* intrusions(provider: LabProviderFactory): AsyncGenerator<Plan> {
  for (const story of ['one', 'two'] as const) {
    for (const who of Object.keys(intruders)) {
      const notifier = who === 'slack-down';
      for (const [at, { name }] of (await disturbable(provider, story, notifier)).entries()) {
        const intrusions = [{ at, who }];
        yield { story, faults: [], intrusions, notifier };
        for (const kind of kindsFor(name)) yield { story, faults: [{ at, kind }], intrusions, notifier };
      }
    }
  }
}

/** Every two faults. The second meets what the calls are after the first. */
export async function* faultPairs(provider: LabProviderFactory): AsyncGenerator<Plan> {
  const story = 'one';
  const faults = await faultsOf(provider, story);
  for (const [index, first] of faults.entries()) {
    for (const second of faults.slice(index + 1)) {
      if (Number(second.at) > Number(first.at)) yield { story, faults: [first, second], intrusions: [] };
    }
  }
}

async function faultsOf(provider: LabProviderFactory, story: StoryName, notifier = false): Promise<readonly Fault[]> {
  const calls = await disturbable(provider, story, notifier);
  return calls.flatMap(({ name }, at) => kindsFor(name).map((kind) => ({ at, kind })));
}
