import { PermanentError } from '@keyturn/rotation/errors';
import { describe, expect, test } from 'vitest';

import { kindsFor, type Fault } from './fault.ts';
import type { LabProviderFactory } from './lab-provider.ts';
import { canaryKinds, leakWatch, sinks } from './leak-watch.ts';
import { memoryLabProvider } from './memory-lab-provider.ts';
import { disturbable, play, type Plan } from './play.ts';

const undisturbed: Plan = { story: 'two', faults: [], intrusions: [], notifier: true };

describe.each(['chosen', 'generated'] as const)('a provider whose key is %s', (mode) => {
  const provider = memoryLabProvider(mode);

  test('no secret is anywhere that others read, and every place is looked at', async () => {
    const { leaks, counts } = await listenTo(provider, undisturbed);

    expect(leaks).toEqual([]);
    const unheard = sinks.filter((sink) => counts.sinks[sink] === 0);
    // Where nothing fails.
    expect(unheard).toEqual(['dead letters', 'errors']);
    for (const kind of canaryKinds) expect(counts.canaries[kind]).toBeGreaterThan(0);
  });

  test('whatever fails, in every function once with every fault', { timeout: 180_000 }, async () => {
    const calls = await disturbable(provider, 'two', true);
    const faults = new Map<string, Fault>();
    for (const [at, { by, name }] of calls.entries()) {
      // In all else the two are alike.
      if (mode === 'generated' && by !== 'issue') continue;
      for (const kind of kindsFor(name)) if (!faults.has(`${by} ${kind}`)) faults.set(`${by} ${kind}`, { at, kind });
    }

    for (const fault of faults.values()) {
      const plan = { ...undisturbed, faults: [fault] };
      expect((await listenTo(provider, plan)).violations, JSON.stringify(plan)).toEqual([]);
    }
  });
});

test('a leak is found: a mark that names the key', async () => {
  const leaky: LabProviderFactory = (options) => {
    const real = memoryLabProvider('chosen')(options);
    return { ...real, stored: (target) => real.stored(target).map((key) => Object.assign(key, { mark: key.keyId })) };
  };

  expect((await listenTo(leaky, undisturbed)).leaks).toContainEqual({
    sink: 'marks',
    secret: 'key id or secret of a credential',
    form: 'raw',
  });
});

test('a leak is found: a line that is printed', async () => {
  const { leaks } = await listenTo(
    checking((key) => void process.stdout.write(`checks ${encodeURIComponent(`key ${key}`)}\n`)),
    undisturbed,
  );

  expect(leaks.map(({ sink }) => sink)).toEqual(['log lines']);
});

test('a leak is found: a part of a key in an error that the adapter means to be read', async () => {
  const { leaks } = await listenTo(
    checking((key) => {
      throw new PermanentError('provider-refused', `There is no key ${key.slice(0, 12)}…`);
    }),
    undisturbed,
  );

  expect(leaks.map(({ sink }) => sink)).toEqual(expect.arrayContaining(['log lines', 'errors']));
});

/** A provider that tells something whenever it is asked about a key. */
function checking(tell: (keyId: string) => void): LabProviderFactory {
  return (options) => {
    const { issue, ...real } = memoryLabProvider('chosen')(options);
    const check: typeof issue.check = (request) => {
      tell(request.credential.keyId.reveal());
      return issue.check(request);
    };
    return { ...real, issue: { ...issue, check } };
  };
}

async function listenTo(provider: LabProviderFactory, plan: Plan) {
  const watch = leakWatch(1);
  const { violations } = await play(provider, plan, watch);
  return { violations, leaks: watch.leaks(), counts: watch.counts() };
}
