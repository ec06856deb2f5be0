import { describeEnding, problemsOf } from './judge-ending.ts';
import { playAll } from './play-all.ts';
import { playApart } from './play-apart.ts';
import { playStory } from './play-story.ts';
import { progress } from './progress.ts';
import { readCall, WrongCall, type Call } from './read-call.ts';
import { readOptions } from './read-options.ts';
import { startSandbox } from './sandbox.ts';
import { defaultScenario, listScenarios } from './scenarios.ts';
import { safeguards, type Scenario } from './simulated-provider.ts';
import { planOf } from './story-plan.ts';

const help = `pnpm demo [--provider NAME] [--without SAFEGUARD] [--json]

Rotates a hand-made key under load, on this machine: local AWS, local provider, local Slack, the deployed handlers.
Exit code 0 only if no request failed, every superseded key is refused and nothing is left over.

  --provider  whose key is rotated, one of the providers below, or all, one after the other; ${defaultScenario.name} unless given
  --without   take one safeguard out and see what it is for: ${safeguards.join(', ')}
  --json      the last line of standard output is one JSON object; everything else goes to standard error.
              With --provider all there is one for each before it

Providers:
${listScenarios()}`;

// Compressed: in production hold-off is minutes, grace a day, soak a week.
const timings = { graceMs: 15_000, soakMs: 1500, propagationMs: 4500, revocationMs: 1500, readerCacheMs: 4000 };
const nodes = [
  { propagationMs: 200, revocationMs: 300, negativeMs: 300 },
  { propagationMs: 500, revocationMs: 800, negativeMs: 300 },
  { propagationMs: 4000, revocationMs: 1200, negativeMs: 300 },
];
/** rate(4 hours) comes round every 14 s; by the clock of every day, not while the demo runs. */
const scheduleSpeed = { schedule: 1030, command: 1 };
const sweepEveryMs = 500;
const patienceMs = 90_000;
const interrupted = 130;

async function main(): Promise<number> {
  const values = readOptions(
    { provider: { type: 'string' }, without: { type: 'string' }, json: { type: 'boolean' }, help: { type: 'boolean' } },
    help,
  );
  if (values === undefined) return 2;
  if (values.help === true) {
    process.stdout.write(help);
    return 0;
  }
  try {
    const call = readCall(values);
    return await ('name' in call.scenario ? playOne(call.scenario, call) : playEach(call.scenario, call));
  } catch (error) {
    if (!(error instanceof WrongCall)) throw error;
    process.stderr.write(`demo: ${error.message}\n\n${help}`);
    return 2;
  }
}

async function playOne(scenario: Scenario, { json, without }: Call): Promise<number> {
  const say = progress(json ? process.stderr : process.stdout);
  const plan = planOf(scenario);
  say.happened(`${scenario.title}; starting the sandbox${without === undefined ? '' : ` WITHOUT ${without}`}`);
  const speed = scheduleSpeed[plan.rotatedBy];
  const sandbox = await startSandbox({ timings, nodes, scheduleSpeed: speed, sweepEveryMs, without, scenario });
  for (const signal of ['SIGINT', 'SIGTERM'] as const) {
    process.once(signal, () => void sandbox.close().finally(() => process.exit(interrupted)));
  }
  try {
    const ending = await playStory(sandbox, say, { ...timings, patienceMs });
    const problems = problemsOf(ending, plan);
    for (const line of describeEnding(ending, problems, { plan, without })) say.happened(line);
    if (json) process.stdout.write(`${JSON.stringify(ending.summary)}\n`);
    return problems.length === 0 ? 0 : 1;
  } finally {
    await sandbox.close();
  }
}

async function playEach(scenarios: readonly Scenario[], { json, without }: Call): Promise<number> {
  const stopping = new AbortController();
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => stopping.abort());
  const failed = await playAll(scenarios, {
    say: progress(process.stderr),
    write: (line) => void (json && process.stdout.write(`${line}\n`)),
    play: (scenario) =>
      stopping.signal.aborted
        ? Promise.resolve({ exitCode: interrupted, line: undefined })
        : playApart(scenario, without),
  });
  if (stopping.signal.aborted) return interrupted;
  return failed.length === 0 ? 0 : 1;
}

process.exitCode = await main();
