import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

import { TransientError } from '@keyturn/rotation/errors';
import * as fc from 'fast-check';
import { describe, expect, onTestFinished, test } from 'vitest';

import { signsOf } from './calls.ts';
import { keepCounterexample, readCounterexamples } from './counterexamples.ts';
import { faultKinds, type FaultKind } from './fault.ts';
import { intruders } from './intruders.ts';
import { judgeBugs, judgeCalm, judgeDeadLetters } from './judge-end.ts';
import { hour, minute } from './lab-config.ts';
import type { LabProviderFactory } from './lab-provider.ts';
import { inWords, missing, play, type Plan } from './play.ts';
import { processes, type Ended } from './processes.ts';
import { providerNamed, providers } from './providers.ts';
import { anyPlan, randomModes } from './random-plans.ts';
import { scheduler } from './scheduler.ts';
import { soak } from './soak.ts';
import { world } from './world.ts';

const undisturbed: Plan = { story: 'two', faults: [], intrusions: [] };
const memory = providerNamed('memory');
const main = fileURLToPath(new URL('./main.ts', import.meta.url));
const lab = (...options: string[]) => spawnSync(process.execPath, [main, ...options], { encoding: 'utf8' });

describe.each(Object.keys(providers))('with %s', (name) => {
  test('an undisturbed run breaks nothing, to its very end, and every function takes part', async () => {
    const played = await play(providerNamed(name), { ...undisturbed, toTheEnd: true });

    expect(inWords(played)).toBe('');
    // Two within one grace, and the last one.
    expect(played.calls.filter(({ name }) => name === 'publish SecretRotated')).toHaveLength(3);
    expect([...new Set(played.calls.map(({ by }) => by))].sort()).toEqual(
      [
        'announcer',
        'cleanup',
        'issue',
        'retire',
        'rotation-handler',
        'secrets-manager',
        'sweep',
        'verifier',
        'watchdog',
        'world',
      ].sort(),
    );
  });

  test('the same plan gives the same run, call by call', async () => {
    const plan: Plan = {
      story: 'two',
      faults: [
        { at: 40, kind: 'crash-after' },
        { at: 90, kind: 'late' },
      ],
      intrusions: [{ at: 120, who: 'rollback' }],
      latencies: [3, 50, 0, 700],
    };

    const [once, again] = [await play(providerNamed(name), plan), await play(providerNamed(name), plan)];

    expect(again).toEqual(once);
    expect(once.struck).toHaveLength(2);
  });
});

test.each(faultKinds)('a call that is struck is struck: %s', async (kind) => {
  const places: Partial<Record<FaultKind, string>> = {
    stale: 'rotation-handler|secretsManager describeSecret|1',
    'at-once': 'secrets-manager|step createSecret|1',
  };
  const at = places[kind] ?? 'rotation-handler|secretsManager putSecretValue|1';

  const { struck, violations } = await play(memory, { ...undisturbed, faults: [{ at, kind }] });

  expect(struck).toMatchObject([{ kind }]);
  expect(violations).toEqual([]);
});

test('a step that is executed by two at once is at work twice in the same moment', async () => {
  const at = 'secrets-manager|step createSecret|1';
  const puts = async (plan: Plan) =>
    (await play(memory, plan)).calls
      .filter(({ name }) => name === 'secretsManager putSecretValue')
      .map(({ time }) => time);

  const [alone, two] = [await puts(undisturbed), await puts({ ...undisturbed, faults: [{ at, kind: 'at-once' }] })];

  expect(two).toHaveLength(alone.length + 1);
  expect(two[1]).toBe(two[0]);
});

test.each(Object.keys(intruders))('nobody breaks anything who comes in the middle of a rotation: %s', async (who) => {
  const at = 'rotation-handler|secretsManager updateSecretVersionStage|1';

  expect(inWords(await play(memory, { ...undisturbed, intrusions: [{ at, who }] }))).toBe('');
});

test.each(['number', 'sign'])('of two strangers in the same moment both come, named by its %s', async (by) => {
  const sign = 'rotation-handler|secretsManager updateSecretVersionStage|1';
  const { calls } = await play(memory, undisturbed);
  const at = by === 'sign' ? sign : signsOf(calls).indexOf(sign);
  const come = async (...names: string[]) => {
    const intrusions = names.map((who) => ({ at, who }));
    return (await play(memory, { ...undisturbed, intrusions })).calls.map(({ name }) => name);
  };

  const [one, other, both] = [
    await come('second-installation'),
    await come('second-sweep'),
    await come('second-installation', 'second-sweep'),
  ];

  expect(both).not.toEqual(one);
  expect(both).not.toEqual(other);
});

test.each(randomModes)('no call goes wrong in two ways in the mode %s, and two strangers may meet', async (mode) => {
  const plans = fc.sample(await anyPlan(memory, mode), { seed: 1, numRuns: 2000 });

  const crowded = (what: 'faults' | 'intrusions') =>
    plans.filter((plan) => new Set(plan[what].map(({ at }) => at)).size < plan[what].length);

  expect(crowded('faults')).toEqual([]);
  expect(crowded('intrusions')).not.toEqual([]);
});

test('what broke a promise once does not any more', async () => {
  for (const { file, provider, plan } of readCounterexamples()) {
    const played = await play(providerNamed(provider), plan);

    expect(inWords(played), file).toBe('');
    // As it was found: whose calls are named otherwise today shows nothing any more.
    expect(missing(plan, played), file).toEqual([]);
  }
});

test('of a plan is told what did not come to pass', async () => {
  const plan: Plan = {
    ...undisturbed,
    faults: [{ at: 'rotation-handler|secretsManager getSecretValue|1', kind: 'lost' }],
    intrusions: [{ at: 'a call that nobody makes|1', who: 'cancel' }],
  };

  expect(missing(plan, await play(memory, plan))).toEqual([
    'lost at rotation-handler|secretsManager getSecretValue|1',
    'cancel at a call that nobody makes|1',
  ]);
});

test('what is kept is replayed as far as it was played, and with the same search for secrets', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'kept-'));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  const plan: Plan = { ...undisturbed, toTheEnd: true, leaks: 7 };

  keepCounterexample({ provider: 'memory', violation: 'none', plan }, folder);
  const [kept] = readCounterexamples(folder);

  expect(kept?.plan).toEqual(plan);
});

test('the plan says that a run goes on after everything is at rest, and that somebody looks for secrets', async () => {
  const short = await play(memory, undisturbed);
  const long = await play(memory, { ...undisturbed, toTheEnd: true });
  const searched = await play(memory, { ...undisturbed, leaks: 7 });

  expect(long.calls.length).toBeGreaterThan(short.calls.length);
  expect([short.leaks, searched.leaks?.sinks['log lines']]).toEqual([undefined, expect.any(Number)]);
});

test('what nobody foresaw in the consumer of a queue is a bug, though its message comes again', async () => {
  const w = await world({ provider: memory, adopted: true, faults: [] });
  const { ledger } = w.rows;
  const whole = { ...ledger };
  Object.assign(ledger, { read: () => Promise.reject(new TypeError('planted')) });

  await w.scheduler.runUntil(w.scheduler.now() + minute);
  Object.assign(ledger, whole);
  await w.scheduler.runUntil(w.scheduler.now() + hour);
  judgeBugs(w);

  expect(w.queues.announcer.waiting()).toBe(0);
  expect(w.oracle.violations).toMatchObject([{ rule: 'bug', what: 'TypeError: planted' }]);
});

test('what nobody foresaw in an adapter is a bug, though the step comes again', async () => {
  let times = 0;
  const broken: LabProviderFactory = (options) => {
    const made = memory(options);
    const check: typeof made.issue.check = async (request) => {
      times += 1;
      if (times === 2) throw new TypeError('planted');
      return made.issue.check(request);
    };
    return { ...made, issue: { ...made.issue, check } };
  };

  expect(inWords(await play(broken, undisturbed))).toBe('bug: TypeError: planted');
});

test('a ledger of yesterday knows some of what was written, and not the last of it', async () => {
  const w = await rotated();
  const known = () => w.rows.rows().find(({ row }) => row === 'announcement')?.value['currentVersionId'];
  const before = known();

  w.rows.restoreHalf();

  expect([before, known()]).toEqual([w.oracle.current().versionId, w.secret.firstVersion]);
});

async function rotated() {
  const w = await world({ provider: memory, adopted: true, faults: [] });
  await w.scheduler.runUntil(w.scheduler.now() + hour / 2);
  w.rotate();
  await w.scheduler.runUntil(w.scheduler.now() + hour);
  expect(w.oracle.current().versionId).not.toBe(w.secret.firstVersion);
  return w;
}

describe('hours after the last trouble, and before another rotation puts it right,', () => {
  test('all is well where nothing went wrong', async () => {
    const w = await rotated();

    judgeCalm(w);

    expect(w.oracle.violations).toEqual([]);
  });

  test('it shows that nobody was told of the current version', async () => {
    const w = await rotated();

    judgeCalm({ ...w, published: [] });

    expect(w.oracle.violations).toMatchObject([{ rule: 'I5b' }]);
  });

  test('it shows that a version is pending still', async () => {
    const w = await rotated();
    w.byHand(() =>
      w.model.putSecretValue({
        SecretId: w.secret.arn,
        ClientRequestToken: w.newId(),
        SecretString: 'x',
        VersionStages: ['AWSPENDING'],
      }),
    );

    judgeCalm(w);

    expect(w.oracle.violations).toMatchObject([{ rule: 'I11' }]);
  });

  test('it shows that the current key does not work', async () => {
    const w = await rotated();
    w.byHand(() => w.provider.hand.switchOff(w.secret.target));
    await w.scheduler.runUntil(w.scheduler.now() + 10 * minute);

    judgeCalm(w);

    expect(w.oracle.violations.at(-1)?.what).toBe('The current key does not work, long after people repaired it');
  });
});

test('a message that comes to nothing beside a single fault is a promise broken', async () => {
  const w = await world({ provider: memory, adopted: true, faults: [] });
  w.queues.verifier.put('no event at all');
  await w.scheduler.runUntil(w.scheduler.now() + hour);

  judgeDeadLetters(w);

  expect(w.oracle.violations).toMatchObject([
    { rule: 'I12', what: 'A message of verifier came to nothing: malformed' },
  ]);
});

test('a year of a secret in which one call in a hundred goes wrong breaks nothing', async () => {
  const { violations, rotations, faults } = await soak(memory, { years: 1, seed: 1 });

  expect(violations).toEqual([]);
  expect(rotations).toBeGreaterThan(11);
  expect(faults).toBeGreaterThan(10);
});

test('months in which nothing can be rotated are counted, and each of them was told', async () => {
  const stuck: LabProviderFactory = (options) => {
    const made = memory(options);
    const ensure = () => Promise.reject(new TransientError('planted'));
    return { ...made, issue: { ...made.issue, ensure } };
  };

  const { missed, violations } = await soak(stuck, { years: 0.5, seed: 1 });

  expect(missed).toBe(6);
  expect(violations.filter(({ what }) => what.includes('nobody was told'))).toEqual([]);
});

test('a crash cannot be caught: neither a catch nor a finally runs, and who called hears of it', async () => {
  const time = scheduler({ startAt: 0 });
  const heard: string[] = [];
  const ends: Ended<unknown>[] = [];
  const dies = async () => {
    try {
      await time.crash();
    } catch {
      heard.push('caught');
    } finally {
      heard.push('finally');
    }
  };

  time.start(
    'caller',
    1000,
    async () => ends.push(await time.call('dies', 1000, dies)),
    () => heard.push('ended'),
  );
  await time.runUntil(10);

  expect(ends).toEqual([{ how: 'crashed' }]);
  expect(heard).toEqual(['ended']);
});

test('beyond its deadline nobody wakes up, and others go on meanwhile', async () => {
  const time = scheduler({ startAt: 0 });
  const heard: string[] = [];
  const sleeper = async (ms: number, name: string) => {
    await time.sleep(ms);
    heard.push(`${name} at ${time.now()}`);
  };

  time.start(
    'late',
    100,
    () => sleeper(500, 'late'),
    ({ how }) => heard.push(`late ${how} at ${time.now()}`),
  );
  time.start(
    'early',
    100,
    () => sleeper(50, 'early'),
    ({ how }) => heard.push(`early ${how}`),
  );
  await time.runUntil(1000);

  expect(heard).toEqual(['early at 50', 'early returned', 'late crashed at 100']);
});

test('nobody runs while nobody was started', async () => {
  const all = processes(() => 0);

  await expect(all.resumeNext()).resolves.toBe(false);
  expect(() => all.giveWay(() => {})).toThrow('Nobody runs');
});

// Each call is a process that loads every adapter.
const slow = { timeout: 60_000 };

test('the command says what there is, and refuses what there is not', slow, () => {
  const help = lab('--help');
  const unknown = lab('--mode', 'nothing');
  const number = lab('--seed', 'many');
  const missing = lab('--replay', 'nothing.json');

  expect([help.status, unknown.status, number.status, missing.status]).toEqual([0, 2, 2, 2]);
  expect(help.stdout).toContain('--provider');
  expect(unknown.stderr).toContain('there is no mode nothing');
  expect(number.stderr).toContain('--seed takes a number');
  expect(missing.stderr).toContain('there is no counterexample nothing.json');
});

test('a mode ends in one line of JSON', slow, () => {
  const { status, stdout } = lab('--mode', 'random', '--provider', 'memory', '--runs', '20', '--seed', '5', '--json');

  expect(status).toBe(0);
  expect(JSON.parse(stdout)).toMatchObject({ mode: 'random', provider: 'memory', runs: 20, violations: 0, seed: 5 });
});

test('one secret of the soak is played again by its number', slow, () => {
  const again = lab('--mode', 'soak', '--provider', 'memory', '--secret', '1000003', '--json');
  const elsewhere = lab('--mode', 'random', '--secret', '1000003');

  expect(again.status).toBe(0);
  expect(JSON.parse(again.stdout)).toMatchObject({ mode: 'soak', runs: 1, soaked: { secrets: 1, years: 10 } });
  expect([elsewhere.status, elsewhere.stderr]).toEqual([2, expect.stringContaining('--secret goes with --mode soak')]);
});
