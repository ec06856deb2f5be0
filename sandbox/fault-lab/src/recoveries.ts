import type { Call } from './calls.ts';
import { kindsFor } from './fault.ts';
import { intruders } from './intruders.ts';
import type { LabProviderFactory } from './lab-provider.ts';
import { beforeCalm, disturbable, type Plan, type Played } from './play.ts';

/** Calls by whose they are and of what, `sweep|invoke retire enable`: those to which only strangers lead, and those of them that went wrong. */
export type Recovered = { readonly reached: readonly string[]; readonly faulted: readonly string[] };

export type RecoveryOptions = {
  readonly seed: number;
  /** Each stranger comes before one call of so many. Of the faults one of a tenth of that is played. */
  readonly sample: number;
  readonly worker: number;
  readonly workers: number;
  /** Answers nothing once enough was broken. */
  readonly played: (plan: Plan) => Promise<Pick<Played, 'calls' | 'struck'> | undefined>;
};

const story = 'one';
const kindOf = ({ by, name }: Call) => `${by}|${name}`;

/**
 * What is there for what strangers leave behind happens in no undisturbed run, and a fault at every call of that never meets it. Each stranger comes alone; every
 * kind of call that is new then goes wrong in every way, where that stranger led to it first. A worker plays its own strangers.
 */
export async function playRecoveries(provider: LabProviderFactory, options: RecoveryOptions): Promise<Recovered> {
  const { seed, sample, worker, workers, played } = options;
  const usual = await usualCalls(provider);
  const reached = new Set<string>();
  const faulted = new Set<string>();
  const result = () => ({ reached: [...reached], faulted: [...faulted] });
  for (const [index, who] of Object.keys(intruders).entries()) {
    if (index % workers !== worker) continue;
    const one = oneOf(seed + index);
    const found = new Map<string, Plan>();
    for (const plan of one(await plansOf(provider, who), sample)) {
      const alone = await played(plan);
      if (alone === undefined) return result();
      for (const [at, call] of beforeCalm(story, alone.calls).entries()) {
        const kind = kindOf(call);
        if (usual.has(kind) || found.has(kind)) continue;
        found.set(kind, { ...plan, faults: kindsFor(call.name).map((what) => ({ at, kind: what })) });
        reached.add(kind);
      }
    }
    const faults = [...found].flatMap(([kind, plan]) => plan.faults.map((fault) => ({ kind, plan, fault })));
    for (const { kind, plan, fault } of one(faults, Math.ceil(sample / 10))) {
      const struck = await played({ ...plan, faults: [fault] });
      if (struck === undefined) return result();
      if (struck.struck.length > 0) faulted.add(kind);
    }
  }
  return result();
}

/** One of so many, which the number says. */
const oneOf =
  (number: number) =>
  <Item>(items: readonly Item[], sample: number): readonly Item[] =>
    items.filter((_, index) => index % sample === number % sample);

/** That stranger, at each call of a rotation. */
async function plansOf(provider: LabProviderFactory, who: string): Promise<readonly Plan[]> {
  const notifier = who === 'slack-down';
  const calls = await disturbable(provider, story, notifier);
  return calls.map((_, at) => ({ story, faults: [], intrusions: [{ at, who }], notifier }));
}

async function usualCalls(provider: LabProviderFactory): Promise<ReadonlySet<string>> {
  const usual = new Set<string>();
  for (const one of ['one', 'two'] as const) {
    for (const notifier of [false, true]) {
      for (const call of await disturbable(provider, one, notifier)) usual.add(kindOf(call));
    }
  }
  return usual;
}
