import { expect, test } from 'vitest';

import { applyToSources } from './apply-mutant.ts';
import { covered } from './covered-mutants.ts';
import { mutants } from './mutants.ts';
import { mutantsNamed } from './mutation-mode.ts';
import { runMutation } from './run-mutation.ts';

test.each(mutants.map(({ id }) => id))('the sources have what the mutant %s takes away, once', (id) => {
  const [mutant] = mutantsNamed(id);

  const apply = () => applyToSources(mutant!);

  expect(apply).not.toThrow();
});

test('a mutant whose source has changed since says that it has to be brought up to date', () => {
  const edits = [{ file: 'services/cleanup/src/due-time.ts', find: 'what nobody wrote', replace: '' }];

  const apply = () => applyToSources({ id: 'old', safeguard: 'none', edits });

  expect(apply).toThrow('Bring mutant old up to date: services/cleanup/src/due-time.ts has 0 times');
});

test('whoever takes away a safeguard that does not exist is told which there are', () => {
  const name = () => mutantsNamed('lease+luck');

  expect(name).toThrow(`there is no mutant luck; there are ${mutants.map(({ id }) => id).join(', ')}`);
});

test('what covers a mutant names mutants that exist, itself among them', () => {
  const wrong = covered.filter(({ mutant, together }) => {
    mutantsNamed(together.join('+'));
    return !together.includes(mutant) || together.length < 2;
  });

  expect(wrong).toEqual([]);
});

test('the lab notices a missing safeguard, and the run that shows it breaks nothing where it is there', async () => {
  const hunt = { providers: ['memory'], seed: 1, runs: 0, sample: 1000, longestMs: 60_000 };
  const sets = ['pending-first', 'read-back-key'].map(mutantsNamed);

  const results = await runMutation(sets, hunt, { progress: () => {}, done: () => {} });

  const killed = Object.fromEntries(results.map(({ mutant, killedBy }) => [mutant, killedBy]));
  expect(killed).toMatchObject({
    'pending-first': { mode: 'singles' },
    'read-back-key': { mode: 'singles' },
  });
}, 60_000);
