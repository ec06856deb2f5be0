import { expect, test } from 'vitest';

import { describeEnding, problemsOf } from './judge-ending.ts';
import type { Ending } from './play-story.ts';
import { planOf } from './story-plan.ts';

const good: Ending['summary'] = {
  provider: 'any',
  rotations: 2,
  requests: 1000,
  failedRequests: 0,
  failedInCutover: 0,
  rotationMs: [4000, 5000],
  supersededKeys: 2,
  supersededKeysRefused: 2,
  orphans: 0,
  deadLetters: 0,
  alerts: 1,
  slackMessages: 13,
  mails: 5,
};
const ending = (more: Partial<Ending['summary']>, others: Partial<Ending> = {}): Ending => ({
  summary: { ...good, ...more },
  failures: {},
  leaks: [],
  broken: undefined,
  ...others,
});

test('finds nothing wrong where nobody noticed', () => {
  expect(problemsOf(ending({}), planOf({ overlap: 'multi' }))).toEqual([]);
  expect(problemsOf(ending({}), planOf({ overlap: 'two-slot' }))).toEqual([]);
});

test.for([
  [{ failedRequests: 3 }, '3 requests failed'],
  [{ rotations: 1 }, '1 rotations instead of 2'],
  [{ supersededKeysRefused: 1 }, 'a superseded key is still accepted'],
  [{ orphans: 1 }, '1 keys are left over'],
  [{ deadLetters: 1 }, '1 dead letters'],
  [{ alerts: 0 }, '0 alerts instead of 1'],
  [{ mails: 0 }, 'no mail was sent'],
] as const)('%j is a problem', ([more, problem]) => {
  expect(problemsOf(ending(more), planOf({ overlap: 'multi' }))).toEqual([problem]);
});

test('a leak and a story that broke are problems', () => {
  const found = problemsOf(ending({}, { leaks: ['tags'], broken: 'gave up' }), planOf({ overlap: 'multi' }));

  expect(found).toEqual(['gave up', 'a key or a secret stands in the tags']);
});

test('no overlap: what failed in the cutover is told loudly, and fails nothing; what failed elsewhere does', () => {
  const plan = planOf({ overlap: 'none' });
  const played = ending({ failedInCutover: 40, alerts: 0 });

  expect(problemsOf(played, plan)).toEqual([]);
  expect(describeEnding(played, [], { plan, without: undefined }).join('\n')).toContain(
    'APPLICATIONS NOTICED: 40 requests failed',
  );
  expect(problemsOf(ending({ failedInCutover: 40, failedRequests: 1, alerts: 0 }), plan)).toEqual([
    '1 requests failed',
  ]);
});
