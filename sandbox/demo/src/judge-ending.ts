import type { Ending } from './play-story.ts';
import type { Safeguard } from './simulated-provider.ts';
import type { StoryPlan } from './story-plan.ts';

const lessons: Readonly<Record<Safeguard, string>> = {
  'hold-off': 'the first node that knew the new key was believed, and the others refused it.',
  grace: 'whoever had read the secret a moment ago was left with a dead key.',
  entitlements: 'the new key opened what the probe looked at, and nothing else.',
};

/** What is not as it should be. */
export function problemsOf({ summary, broken, leaks }: Ending, plan: StoryPlan): readonly string[] {
  const { failedRequests, rotations, supersededKeys, supersededKeysRefused, orphans, deadLetters, alerts } = summary;
  const expectedAlerts = plan.keepsOldKey ? 1 : 0;
  return [
    ...(broken === undefined ? [] : [broken]),
    ...leaks.map((place) => `a key or a secret stands in the ${place}`),
    ...(failedRequests === 0 ? [] : [`${failedRequests} requests failed`]),
    ...(rotations === 2 ? [] : [`${rotations} rotations instead of 2`]),
    ...(supersededKeys === supersededKeysRefused ? [] : ['a superseded key is still accepted']),
    ...(orphans === 0 ? [] : [`${orphans} keys are left over`]),
    ...(deadLetters === 0 ? [] : [`${deadLetters} dead letters`]),
    ...(alerts === expectedAlerts ? [] : [`${alerts} alerts instead of ${expectedAlerts}`]),
    ...(summary.mails > 0 ? [] : ['no mail was sent']),
  ];
}

/** The end of the story, for people. */
export function describeEnding(
  { summary, failures }: Ending,
  problems: readonly string[],
  { plan, without }: { readonly plan: StoryPlan; readonly without: Safeguard | undefined },
): readonly string[] {
  const took = summary.rotationMs.map((ms) => `${(ms / 1000).toFixed(1)} s`).join(' and ');
  const codes = Object.entries(failures).map(([code, count]) => `, ${count} × ${code}`);
  const inCutover = plan.keepsOldKey ? '' : ` and ${summary.failedInCutover} more in the cutover`;
  const alerts = `${summary.alerts}${plan.keepsOldKey ? ' (the spoiled rotation)' : ''}`;
  return [
    `${summary.requests} requests, ${summary.failedRequests} failed${inCutover}${codes.join('')}`,
    `${summary.rotations} rotations (${took}), ${summary.supersededKeysRefused} of ${summary.supersededKeys} superseded keys refused by every node, ${summary.orphans} left over`,
    `alerts: ${alerts}, ${summary.slackMessages} Slack messages, ${summary.mails} mails, ${summary.deadLetters} dead letters`,
    ...verdict(summary, problems),
    ...(without === undefined ? [] : [`That is what ${without} is for: ${lessons[without]}`]),
  ];
}

function verdict({ failedInCutover }: Ending['summary'], problems: readonly string[]): readonly string[] {
  if (problems.length > 0) return [`NOT AS IT SHOULD BE: ${problems.join('; ')}`];
  return failedInCutover === 0
    ? ['No application noticed.']
    : [
        `APPLICATIONS NOTICED: ${failedInCutover} requests failed, as this provider ends the old key when it makes a new one.`,
      ];
}
