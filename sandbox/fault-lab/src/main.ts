import { progress, type Progress } from '@keyturn/demo/progress';
import { readOptions } from '@keyturn/demo/read-options';

import { signsOf } from './calls.ts';
import { complaints } from './complaints.ts';
import { keepCounterexample, readCounterexamples } from './counterexamples.ts';
import type { At } from './fault.ts';
import { mutantsNamed, mutationMode } from './mutation-mode.ts';
import { inWords, missing, play } from './play.ts';
import { providerNamed, providers } from './providers.ts';
import { crew, type Crew, type ModeResult } from './run-mode.ts';
import { modes, type Mode } from './run-share.ts';

/** For one mutant, unless told otherwise. */
const usualMinutes = 15;

const help = `pnpm fault-lab [--mode MODE] [--provider NAME] [--seed N] [--runs N] [--sample N] [--json]

Runs the real handlers in virtual time, lets everything go wrong that can, and checks after every effect that no application is refused and no key
is left over. What breaks a promise is written to sandbox/fault-lab/counterexamples, and replayed first from then on.
Exit code 0 only if nothing did, and a mode that leaves no call out (singles and recoveries with --sample 1, intruders up to 1000) disturbed every call that it counts.

  --mode      ${modes.join(', ')}; without it all but mutation, the larger ones sampled, and with other providers than memory not each;
              recoveries has what only strangers lead to go wrong: each comes alone, and what is called then and in no undisturbed run meets every fault;
              leaks looks for secrets wherever others read: what each sink held, and how many secrets there were, is in its line;
              mutation takes away one safeguard after the other, and looks for a run that notices
  --mutant    of the mode mutation: only this one, or several joined by + that are away at once
  --provider  whose keys are rotated: ${Object.keys(providers).join(', ')}; without it all
  --seed      of random runs and of samples; with as many cores the same seed plays the same runs
  --runs      how many random runs, or secrets of the soak
  --secret    of the mode soak: only this secret, by the number that stands before what it broke
  --sample    one plan of so many is played; 1 plays all; of intruders up to 1000 leaves nobody out who comes alone into one rotation, and up to 125 into two; leaks leaves no kind of call or fault out
  --replay    plays one kept counterexample and prints every call
  --minutes   how long one mutant is hunted; ${usualMinutes} unless given
  --json      one JSON line for each mode and provider on standard output; everything else goes to standard error;
              callsReached counts the calls of an undisturbed run, callsFaulted those before which a stranger came, or that went wrong;
              untouched counts the runs in which nothing of the plan came to pass: at random a plan may name calls that are not made;
              of recoveries: kinds of calls to which only strangers lead, and those that went wrong
`;

type Size = { readonly runs: number; readonly sample: number };

/**
 * What a run without a mode plays; it has to fit into two minutes of a build. With `memory` that is every single fault, and everybody who comes alone at every
 * call of one rotation. The rest is sampled; undefined: nothing.
 */
function usual(mode: Mode, provider: string): Size | undefined {
  const isFast = provider.startsWith('memory');
  const isFirst = provider === 'memory';
  const fast = (size: Size) => (isFast ? size : undefined);
  const first = (size: Size) => (isFirst ? size : undefined);
  const sizes: Readonly<Record<Mode, Size | undefined>> = {
    singles: { runs: 0, sample: isFirst ? 1 : isFast ? 8 : 90 },
    intruders: strangers(provider),
    recoveries: first({ runs: 0, sample: 60 }),
    pairs: { runs: 0, sample: isFast ? 2000 : 60_000 },
    random: fast({ runs: 200, sample: 1 }),
    races: first({ runs: 200, sample: 1 }),
    crowds: fast({ runs: 200, sample: 1 }),
    leaks: first({ runs: 0, sample: 1000 }),
    soak: first({ runs: 2, sample: 1 }),
  };
  return sizes[mode];
}

function strangers(provider: string): Size | undefined {
  // What it deletes nobody brings back.
  const samples: Readonly<Record<string, number>> = { memory: 1000, 'memory-final': 16_000 };
  const sample = samples[provider] ?? (provider.startsWith('memory') ? undefined : 1_280_000);
  return sample === undefined ? undefined : { runs: 0, sample };
}

const enough = 20;

const options = {
  mode: { type: 'string' },
  provider: { type: 'string' },
  seed: { type: 'string' },
  runs: { type: 'string' },
  sample: { type: 'string' },
  secret: { type: 'string' },
  replay: { type: 'string' },
  mutant: { type: 'string' },
  minutes: { type: 'string' },
  json: { type: 'boolean' },
  help: { type: 'boolean' },
} as const;

async function main(): Promise<number> {
  const values = readOptions(options, help);
  if (values === undefined) return 2;
  if (values.help === true) {
    process.stdout.write(help);
    return 0;
  }
  const problem = findProblem(values);
  if (problem !== undefined) return wrong(problem);
  return values.replay === undefined ? playWanted(values) : replay(values.replay);
}

type Values = NonNullable<ReturnType<typeof readOptions<typeof options>>>;

async function playWanted(values: Values): Promise<number> {
  const { json = false, mutant, provider } = values;
  const numbers = { runs: numberOf(values.runs), sample: numberOf(values.sample), seed: numberOf(values.seed) ?? 1 };
  const names = provider === undefined ? Object.keys(providers) : [provider];
  const longestMs = (numberOf(values.minutes) ?? usualMinutes) * 60_000;
  if (values.mode === 'mutation') return mutation({ ...numbers, longestMs, providers: names, mutant }, json);
  const say = progress(json ? process.stderr : process.stdout);
  const mode = modes.find((one) => one === values.mode);
  const workers = crew();
  let broken = 0;
  try {
    for (const name of names) {
      broken += await replayKept(name, (text) => say.happened(text));
      broken += await playModes(
        { ...numbers, secret: numberOf(values.secret), provider: name, mode },
        workers,
        json,
        say,
      );
    }
  } finally {
    await workers.end();
  }
  return broken === 0 ? 0 : 1;
}

function findProblem({ mode, provider, ...values }: Values): string | undefined {
  const isMode = mode === undefined || mode === 'mutation' || modes.some((name) => name === mode);
  if (!isMode) return `there is no mode ${mode}`;
  if (typeof provider === 'string' && providers[provider] === undefined) return `there is no provider ${provider}`;
  const unreadable = (['seed', 'runs', 'sample', 'minutes', 'secret'] as const).find((name) =>
    Number.isNaN(Number(values[name] ?? 0)),
  );
  if (unreadable !== undefined) return `--${unreadable} takes a number`;
  const tooSmall = (['runs', 'sample', 'minutes'] as const).find((name) => Number(values[name] ?? 1) <= 0);
  if (tooSmall !== undefined) return `--${tooSmall} takes a number above 0`;
  return values.secret !== undefined && mode !== 'soak' ? '--secret goes with --mode soak' : undefined;
}

type Wanted = {
  readonly mode: Mode | undefined;
  readonly provider: string;
  readonly seed: number;
  readonly runs: number | undefined;
  readonly sample: number | undefined;
  readonly secret: number | undefined;
};

/** Answers how much was broken. */
async function playModes(wanted: Wanted, workers: Crew, json: boolean, say: Progress): Promise<number> {
  const { mode, provider, seed, secret } = wanted;
  let broken = 0;
  for (const name of mode === undefined ? modes : [mode]) {
    const size = usual(name, provider);
    if (size === undefined && mode === undefined) continue;
    const { runs, sample } =
      mode === undefined ? { runs: 0, sample: 1, ...size } : { runs: size?.runs ?? 1000, sample: 1 };
    const some = { runs: wanted.runs ?? runs, sample: wanted.sample ?? sample };
    const result = await workers.run({ mode: name, provider, seed, secret, ...some, enough }, (runs, bad) =>
      say.counts(`${name} with ${provider}: ${runs} runs, ${bad} broken`),
    );
    say.end();
    const complained = complaints(result);
    broken += result.counterexamples.length + complained.length;
    report(result, json, (text) => say.happened(text));
    for (const text of complained) process.stderr.write(`  ${text}\n`);
  }
  return broken;
}

type Mutation = {
  readonly providers: readonly string[];
  readonly seed: number;
  readonly runs: number | undefined;
  readonly sample: number | undefined;
  readonly mutant: string | undefined;
  readonly longestMs: number;
};

async function mutation({ runs = 10_000, sample = 4, ...rest }: Mutation, json: boolean): Promise<number> {
  try {
    mutantsNamed(rest.mutant ?? '');
  } catch (error) {
    return wrong(error instanceof Error ? error.message : '');
  }
  const say = progress(json ? process.stderr : process.stdout);
  const missed = await mutationMode({ ...rest, runs, sample }, say, (hunted) => {
    if (json) process.stdout.write(`${JSON.stringify({ mode: 'mutation', ...hunted })}\n`);
  });
  say.end();
  return missed === 0 ? 0 : 1;
}

function report(result: ModeResult, json: boolean, say: (text: string) => void): void {
  const { counterexamples, undisturbed: _, ...line } = result;
  const { mode, provider, runs, violations, runsPerSecond, seed } = line;
  say(`${mode} with ${provider}: ${runs} runs, ${violations} violations, ${runsPerSecond} runs a second, seed ${seed}`);
  for (const example of counterexamples) {
    say(`  ${example.violation}`);
    say(`  ${JSON.stringify(example.plan)}`);
    say(`  kept in ${keepCounterexample({ provider, ...example })}`);
  }
  if (json) process.stdout.write(`${JSON.stringify(line)}\n`);
}

async function replayKept(provider: string, say: (text: string) => void): Promise<number> {
  let broken = 0;
  const kept = readCounterexamples().filter((example) => example.provider === provider);
  for (const { file, plan } of kept) {
    const { violations } = await play(providerNamed(provider), plan);
    if (violations.length === 0) continue;
    broken += 1;
    say(`${file} breaks a promise again: ${inWords({ violations })}`);
  }
  if (kept.length > 0) say(`${kept.length} kept counterexamples of ${provider} replayed, ${broken} broken`);
  return broken;
}

/** Every call of one run, with what struck it. */
async function replay(file: string): Promise<number> {
  const example = readCounterexamples().find((kept) => kept.file.endsWith(file));
  if (example === undefined) return wrong(`there is no counterexample ${file}`);
  const played = await play(providerNamed(example.provider), example.plan);
  const { calls, violations } = played;
  const signs = signsOf(calls);
  for (const [number, { by, name, time }] of calls.entries()) {
    const isHere = ({ at }: { readonly at: At }) => at === number || at === signs[number];
    const fault = example.plan.faults.find(isHere)?.kind;
    const strangers = example.plan.intrusions.filter(isHere).map(({ who }) => who);
    const struck = [fault, ...strangers].filter((one) => one !== undefined).join(', ');
    process.stdout.write(`${new Date(time).toISOString()} ${number} ${by}: ${name}${struck && `  <- ${struck}`}\n`);
  }
  for (const missed of missing(example.plan, played)) process.stdout.write(`Did not come to pass: ${missed}\n`);
  for (const { rule, what, time } of violations) {
    process.stdout.write(`${new Date(time).toISOString()} ${rule}: ${what}\n`);
  }
  return violations.length === 0 ? 0 : 1;
}

function numberOf(text: string | undefined): number | undefined {
  return text === undefined ? undefined : Number(text);
}

function wrong(problem: string): number {
  process.stderr.write(`${problem}\n\n${help}`);
  return 2;
}

process.exitCode = await main();
