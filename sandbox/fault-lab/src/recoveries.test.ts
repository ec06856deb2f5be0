import { expect, test } from 'vitest';

import { complaints } from './complaints.ts';
import { inWords, play, type Plan } from './play.ts';
import { providerNamed } from './providers.ts';
import { playRecoveries } from './recoveries.ts';
import { countRecovered } from './run-share.ts';

const memory = providerNamed('memory');

/** What one worker of so many plays. */
async function recover({ sample = 60, seed = 1, worker = 0, workers = 9 } = {}) {
  const plans: Plan[] = [];
  const broken: string[] = [];
  const recovered = await playRecoveries(memory, {
    seed,
    sample,
    worker,
    workers,
    async played(plan) {
      plans.push(plan);
      const played = await play(memory, plan);
      broken.push(inWords(played));
      return played;
    },
  });
  return { plans, broken: broken.filter(Boolean), ...recovered };
}

test('calls to which only strangers lead go wrong, too, and nothing breaks', async () => {
  const { calls } = await play(memory, { story: 'one', faults: [], intrusions: [] });
  const undisturbed = new Set(calls.map(({ by, name }) => `${by}|${name}`));

  const { plans, broken, reached, faulted } = await recover({ worker: 0 });

  expect(broken).toEqual([]);
  expect(reached.filter((kind) => undisturbed.has(kind))).toEqual([]);
  expect(faulted.filter((kind) => !reached.includes(kind))).toEqual([]);
  expect(faulted.length).toBeGreaterThan(5);
  expect(plans.filter(({ faults }) => faults.length === 1).length).toBeGreaterThan(10);
});

test('the same seed plays the same runs, another one others', async () => {
  const [once, again, other] = [await recover(), await recover(), await recover({ seed: 2 })];

  expect(again).toEqual(once);
  expect(other.plans).not.toEqual(once.plans);
});

test('workers share the strangers, and play none twice', async () => {
  const who = async (worker: number) => {
    const { plans } = await recover({ sample: 200, worker, workers: 20 });
    return new Set(plans.flatMap(({ intrusions }) => intrusions.map((one) => one.who)));
  };

  const [first, second] = [await who(0), await who(1)];

  expect([first.size, second.size]).toEqual([2, 2]);
  expect([...first].filter((who) => second.has(who))).toEqual([]);
});

test('once enough was broken no stranger comes any more', async () => {
  let asked = 0;

  const recovered = await playRecoveries(memory, {
    seed: 1,
    sample: 60,
    worker: 0,
    workers: 1,
    async played() {
      asked += 1;
      return undefined;
    },
  });

  expect(asked).toBe(1);
  expect(recovered).toEqual({ reached: [], faulted: [] });
});

test('what several workers reached counts once, and what none of them had go wrong is named', () => {
  const { reached, faulted, undisturbed } = countRecovered([
    {
      reached: ['sweep|invoke retire enable', 'watchdog|publish OrphanFound'],
      faulted: ['watchdog|publish OrphanFound'],
    },
    { reached: ['watchdog|publish OrphanFound'], faulted: [] },
  ]);

  expect([reached, faulted]).toEqual([
    { sweep: 1, watchdog: 1 },
    { sweep: 0, watchdog: 1 },
  ]);
  expect(complaints({ mode: 'recoveries', provider: 'memory', runs: 1, undisturbed })).toEqual([
    'recoveries with memory left undisturbed: sweep|invoke retire enable',
  ]);
});
