import { expect, test } from 'vitest';

import { playAll, type Played } from './play-all.ts';
import type { Scenario } from './simulated-provider.ts';

const scenario = (name: string): Scenario => ({
  name,
  providerId: name,
  title: name,
  overlap: 'multi',
  start: () => Promise.reject(new Error('not played here')),
});

async function played(endings: Readonly<Record<string, Played>>) {
  const lines: string[] = [];
  const told: string[] = [];
  const running: string[] = [];
  const failed = await playAll(Object.keys(endings).map(scenario), {
    say: { happened: (text) => void told.push(text) },
    write: (line) => void lines.push(line),
    play: async ({ name }) => {
      running.push(name);
      expect(running).toEqual([name]);
      await Promise.resolve();
      running.pop();
      return endings[name] ?? { exitCode: 2, line: undefined };
    },
  });
  return { failed, told, lines: lines.map((line): unknown => JSON.parse(line)) };
}

test('plays one after the other, and gives the line of each and one for all', async () => {
  const { failed, lines, told } = await played({
    one: { exitCode: 0, line: '{"provider":"one"}' },
    two: { exitCode: 0, line: '{"provider":"two"}' },
  });

  expect(failed).toEqual([]);
  expect(lines).toEqual([{ provider: 'one' }, { provider: 'two' }, { providers: 2, failed: [] }]);
  expect(told).toEqual(['1 of 2: one', '2 of 2: two', 'all 2 providers passed']);
});

test('goes on after one that failed, or that died without a word', async () => {
  const { failed, lines, told } = await played({
    bad: { exitCode: 1, line: '{"provider":"bad"}' },
    dead: { exitCode: 7, line: undefined },
    good: { exitCode: 0, line: '{"provider":"good"}' },
  });

  expect(failed).toEqual(['bad', 'dead']);
  expect(lines).toEqual([
    { provider: 'bad' },
    { provider: 'dead', broken: 'ended with exit code 7' },
    { provider: 'good' },
    { providers: 3, failed: ['bad', 'dead'] },
  ]);
  expect(told.at(-1)).toBe('2 of 3 providers failed: bad, dead');
});
