import { kindsFor, type Fault } from './fault.ts';
import { intruders } from './intruders.ts';
import type { LabProviderFactory } from './lab-provider.ts';
import { disturbable, type Plan, type StoryName } from './play.ts';

/** One fault at a time: every kind at every call. */
export async function* singleFaults(provider: LabProviderFactory): AsyncGenerator<Plan> {
  for (const fault of await faultsOf(provider, 'two')) yield { story: 'two', faults: [fault], intrusions: [] };
}

/** Everybody at every call, alone and with every fault of that call. */
export async function* intrusions(provider: LabProviderFactory): AsyncGenerator<Plan> {
  const story = 'two';
  const calls = await disturbable(provider, story);
  for (const who of Object.keys(intruders)) {
    for (const [at, { name }] of calls.entries()) {
      const intrusions = [{ at, who }];
      yield { story, faults: [], intrusions };
      for (const kind of kindsFor(name)) yield { story, faults: [{ at, kind }], intrusions };
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

async function faultsOf(provider: LabProviderFactory, story: StoryName): Promise<readonly Fault[]> {
  const calls = await disturbable(provider, story);
  return calls.flatMap(({ name }, at) => kindsFor(name).map((kind) => ({ at, kind })));
}
