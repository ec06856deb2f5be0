import { expect, test } from 'vitest';

import { another, watchdog, watchedWorld } from '../../../test/watch.ts';
import { hour, minute, type World } from '../../../test/world.ts';

/** Secrets whose rotation began three hours ago and never went on. */
async function stuck(count: number): Promise<World> {
  const w = await watchedWorld();
  for (let n = 0; n < count; n += 1) {
    await w.model.rotateSecret({ SecretId: await another(w, `stuck/${n}`, w.handMade) });
  }
  w.pass(3 * hour);
  return w;
}

function timed(w: World) {
  const at: number[] = [];
  const rotateNow: typeof w.secrets.rotateNow = (arn) => {
    at.push(w.clock.now());
    return w.secrets.rotateNow(arn);
  };
  return { at, change: { secrets: { ...w.secrets, rotateNow } } };
}

test('stuck rotations go on two a second', async () => {
  const w = await stuck(5);
  const { at, change } = timed(w);

  const run = await watchdog(w).run(change);

  expect(run).toMatchObject({ stuck: 5, rotatedAgain: 5 });
  expect(at.map((ms) => ms - (at[0] ?? 0))).toEqual([0, 500, 1000, 1500, 2000]);
});

test('one that Secrets Manager refuses does not keep the others', async () => {
  const w = await stuck(3);
  let calls = 0;
  const rotateNow: typeof w.secrets.rotateNow = (arn) => {
    calls += 1;
    return calls === 1 ? Promise.reject(new Error('unforeseen')) : w.secrets.rotateNow(arn);
  };
  const dog = watchdog(w);

  await expect(dog.run({ secrets: { ...w.secrets, rotateNow } })).rejects.toThrow('1 of 1 failures');

  expect(dog.metrics.runs).toMatchObject([{ Stuck: 3, RotatedAgain: 2, Failures: 1 }]);
});

test('none is begun when the time is over', async () => {
  const w = await stuck(2);
  const { at, change } = timed(w);
  const versionDates: typeof w.secrets.versionDates = (arn) => {
    w.pass(10 * minute);
    return w.secrets.versionDates(arn);
  };

  const run = await watchdog(w).run({ secrets: { ...change.secrets, versionDates } });

  expect(run).toMatchObject({ stuck: 2, rotatedAgain: 0 });
  expect(at).toEqual([]);
});

test('a rotation that a person cancels after it was found stuck is not switched on again', async () => {
  const w = await stuck(2);
  const { at, change } = timed(w);
  const versionDates: typeof w.secrets.versionDates = async (arn) => {
    const dates = await w.secrets.versionDates(arn);
    await w.model.cancelRotateSecret({ SecretId: arn });
    return dates;
  };

  const run = await watchdog(w).run({ secrets: { ...change.secrets, versionDates } });

  expect(run).toMatchObject({ stuck: 2, rotatedAgain: 0, failures: 0 });
  expect(at).toEqual([]);
});
