import { playStory, type Ending } from './play-story.ts';
import { progress } from './progress.ts';
import { readOptions } from './read-options.ts';
import { startSandbox } from './sandbox.ts';
import { safeguards, type Safeguard } from './sandbox-config.ts';
import { defaultScenario, scenarioNamed, scenarioNames, type Scenario } from './scenario.ts';

const help = `pnpm demo [--provider NAME] [--without SAFEGUARD] [--json]

Rotates a hand-made Apigee key under load, on this machine: local AWS, local Apigee, local Slack, the deployed handlers.
Exit code 0 only if no request failed, every superseded key is refused and nothing is left over.

  --provider  whose key is rotated: ${scenarioNames.join(', ')}
  --without   take one safeguard out and see what it is for: ${safeguards.join(', ')}
  --json      the last line of standard output is one JSON object; everything else goes to standard error
`;

// Compressed: in production hold-off is minutes, grace a day, soak a week.
const timings = { graceMs: 8000, soakMs: 1500, propagationMs: 4500, revocationMs: 1500, readerCacheMs: 4000 };
const nodes = [
  { propagationMs: 200, revocationMs: 300, negativeMs: 300 },
  { propagationMs: 500, revocationMs: 800, negativeMs: 300 },
  { propagationMs: 4000, revocationMs: 1200, negativeMs: 300 },
];
/** rate(4 hours) comes round every 14 s. */
const scheduleSpeed = 1030;
const sweepEveryMs = 500;
const patienceMs = 40_000;

async function main(): Promise<number> {
  const call = readCall();
  if (typeof call === 'number') return call;
  const { json, without, scenario } = call;

  const say = progress(json ? process.stderr : process.stdout);
  say.happened(`${scenario.title}; starting the sandbox${without === undefined ? '' : ` WITHOUT ${without}`}`);
  const sandbox = await startSandbox({ timings, nodes, scheduleSpeed, sweepEveryMs, without, scenario });
  for (const signal of ['SIGINT', 'SIGTERM'] as const) {
    process.once(signal, () => void sandbox.close().finally(() => process.exit(130)));
  }
  try {
    const ending = await playStory(sandbox, say, { readerCacheMs: timings.readerCacheMs, patienceMs });
    const problems = problemsOf(ending);
    for (const line of describe(ending, problems, without)) say.happened(line);
    if (json) process.stdout.write(`${JSON.stringify(ending.summary)}\n`);
    return problems.length === 0 ? 0 : 1;
  } finally {
    await sandbox.close();
  }
}

type Call = { readonly json: boolean; readonly without: Safeguard | undefined; readonly scenario: Scenario };

/** The exit code where there is nothing to play. */
function readCall(): Call | number {
  const values = readOptions(
    { provider: { type: 'string' }, without: { type: 'string' }, json: { type: 'boolean' }, help: { type: 'boolean' } },
    help,
  );
  if (values === undefined) return 2;
  if (values.help === true) {
    process.stdout.write(help);
    return 0;
  }
  const without = safeguards.find((name) => name === values.without);
  if (values.without !== undefined && without === undefined) return wrong(`there is no safeguard ${values.without}`);
  const scenario = scenarioNamed(values.provider ?? defaultScenario.name);
  if (scenario === undefined) return wrong(`there is no provider ${values.provider ?? ''}`);
  return { json: values.json === true, without, scenario };
}

function wrong(problem: string): number {
  process.stderr.write(`demo: ${problem}\n\n${help}`);
  return 2;
}

const lessons = {
  'hold-off': 'the first node that knew the new key was believed, and the others refused it.',
  grace: 'whoever had read the secret a moment ago was left with a dead key.',
  entitlements: 'the new key opened what the probe looked at, and nothing else.',
} as const;

function problemsOf({ summary, broken, leaks }: Ending): string[] {
  const { failedRequests, rotations, supersededKeys, supersededKeysRefused, orphans, deadLetters, alerts } = summary;
  return [
    ...(broken === undefined ? [] : [broken]),
    ...leaks.map((place) => `a key or a secret stands in the ${place}`),
    ...(failedRequests === 0 ? [] : [`${failedRequests} requests failed`]),
    ...(rotations === 2 ? [] : [`${rotations} rotations instead of 2`]),
    ...(supersededKeys === supersededKeysRefused ? [] : ['a superseded key is still accepted']),
    ...(orphans === 0 ? [] : [`${orphans} keys are left over`]),
    ...(deadLetters === 0 ? [] : [`${deadLetters} dead letters`]),
    ...(alerts === 1 ? [] : [`${alerts} alerts instead of 1`]),
    ...(summary.mails > 0 ? [] : ['no mail was sent']),
  ];
}

function describe(
  { summary, failures }: Ending,
  problems: readonly string[],
  without: Safeguard | undefined,
): string[] {
  const took = summary.rotationMs.map((ms) => `${(ms / 1000).toFixed(1)} s`).join(' and ');
  return [
    `${summary.requests} requests, ${summary.failedRequests} failed${Object.entries(failures)
      .map(([code, count]) => `, ${count} × ${code}`)
      .join('')}`,
    `${summary.rotations} rotations (${took}), ${summary.supersededKeysRefused} of ${summary.supersededKeys} superseded keys refused by every node, ${summary.orphans} left over`,
    `alerts: ${summary.alerts} (the spoiled rotation), ${summary.slackMessages} Slack messages, ${summary.mails} mails, ${summary.deadLetters} dead letters`,
    problems.length === 0 ? 'No application noticed.' : `NOT AS IT SHOULD BE: ${problems.join('; ')}`,
    ...(without === undefined ? [] : [`That is what ${without} is for: ${lessons[without]}`]),
  ];
}

process.exitCode = await main();
