import { applyLoad, type Load } from './apply-load.ts';
import { findLeaks } from './find-leaks.ts';
import type { Progress } from './progress.ts';
import { Refused, runKeyturn } from './run-keyturn.ts';
import type { Sandbox } from './sandbox.ts';
import type { Application } from './simulated-provider.ts';
import { hasRoom, planOf, type StoryPlan } from './story-plan.ts';
import { sumUp, type Summary } from './sum-up.ts';
import { GaveUp, waitUntil } from './wait-until.ts';
import { watchStage, type StageView } from './watch-stage.ts';

export type StoryOptions = {
  readonly readerCacheMs: number;
  readonly propagationMs: number;
  /** Longest wait for one thing to happen. */
  readonly patienceMs: number;
};

type Stage = {
  readonly sandbox: Sandbox;
  readonly plan: StoryPlan;
  readonly view: StageView;
  readonly load: Load;
  readonly say: Progress;
  readonly patienceMs: number;
};

/** A log-in costs far more than a request, on both sides, which are one machine here. */
const perSecond: Readonly<Record<Application['as'], number>> = { http: 100, ssh: 20 };
const uses: Readonly<Record<Application['as'], string>> = { http: 'requests', ssh: 'log-ins' };

/**
 * Adopts the pasted key, has it rotated twice, rolls back, spoils one rotation, and waits until nothing is left to do. Where a new key ends the old
 * one, there is no rolling back, and nothing is spoiled.
 */
export async function playStory(sandbox: Sandbox, say: Progress, options: StoryOptions): Promise<Ending> {
  const { aws, provider, scenario, secretName, environment } = sandbox;
  const { application } = provider;
  const plan = planOf(scenario);
  const { VersionId: firstVersion = '' } = await aws.secrets.getSecretValue({ SecretId: secretName });
  const view = watchStage(aws, firstVersion, (text) => say.happened(text));
  const load = applyLoad(
    {
      application,
      secretId: secretName,
      clients: 12,
      cacheMs: options.readerCacheMs,
      requestsPerSecond: perSecond[application.as],
    },
    environment,
  );
  const stage: Stage = { sandbox, plan, view, load, say, patienceMs: options.patienceMs };
  const counting = setInterval(() => say.counts(countsOf(stage)), 250);
  try {
    const broken = await actOut(stage).then(() => undefined, whyItBroke);
    const report = await load.stop();
    const settledAfterMs = Math.max(options.readerCacheMs, options.propagationMs);
    const summary = await sumUp({ sandbox, plan, view, report, settledAfterMs });
    return { summary, failures: report.failures, broken, leaks: await findLeaks(sandbox) };
  } finally {
    clearInterval(counting);
    load.kill();
    view.close();
    say.end();
  }
}

export type Ending = {
  readonly summary: Summary;
  /** Failed requests by status and the provider's code. */
  readonly failures: Readonly<Record<string, number>>;
  /** Places that show a key or a secret. */
  readonly leaks: readonly string[];
  /** Why the story did not come to its end. */
  readonly broken: string | undefined;
};

// Without a safeguard a story may well break; what happened until then is the point.
function whyItBroke(error: unknown): string {
  if (error instanceof GaveUp || error instanceof Refused) return error.message;
  throw error;
}

async function actOut(stage: Stage): Promise<void> {
  const { sandbox, plan, view, say, load } = stage;
  const { aws, environment, adoption, provider, secretName } = sandbox;
  await until(stage, 'the first requests', () => load.report().requests > 0);
  const { as } = provider.application;
  say.happened(`${perSecond[as]} ${uses[as]} a second, half of the clients keep what they read; nobody retries`);
  if (!plan.keepsOldKey) {
    say.happened(
      'HERE A NEW KEY ENDS THE OLD ONE: requests fail until everybody has read the new one; they are counted apart',
    );
  }

  say.happened(`keyturn ${adoption.join(' ')}`);
  await runKeyturn(adoption, environment);
  if (plan.rotatedBy === 'schedule') {
    say.happened(
      'waiting for the schedule, which comes round every 14 s; then the hold-off, until every node must know the key',
    );
  }
  await until(stage, 'the test of the rotation function', () => view.tested());
  await startRotation(stage);
  await until(stage, 'the first rotation', () => view.rotations().length >= 1);
  await startRotation(stage);
  await until(stage, 'the second rotation', () => view.rotations().length >= 2);
  await until(stage, 'everybody to have heard of it', () => view.waiting() === 0);
  if (plan.keepsOldKey) {
    await rollBack(stage);
    await spoilNextRotation(stage);
  }

  await aws.secrets.cancelRotateSecret({ SecretId: secretName });
  say.happened('the schedule is switched off; waiting until nothing is left over');
  await until(stage, 'every superseded key to be deleted', () => provider.keys().length === 1);
  await until(stage, 'the queues to be empty', () => view.waiting() === 0);
  await aws.idle();
  say.happened('every superseded key is deleted, and every message handled');
}

// Refused while the sweep ends another key of the same target; then a person types it again.
async function rollBack(stage: Stage): Promise<void> {
  const { sandbox, view, say } = stage;
  const words = ['rollback', sandbox.secretName, '--yes'];
  await waitUntil('the rollback', stage.patienceMs, async () => {
    say.happened(`keyturn ${words.join(' ')}`);
    try {
      return await runKeyturn(words, sandbox.environment);
    } catch (error) {
      if (error instanceof Refused && error.reason === 'unavailable') return undefined;
      throw error;
    }
  });
  await until(stage, 'the rollback to be told', () => view.count('SecretRotated') >= 3);
}

async function startRotation(stage: Stage): Promise<void> {
  const { sandbox, plan, say } = stage;
  if (plan.rotatedBy === 'schedule') return;
  if (!hasRoom(plan, sandbox.provider.keys())) {
    say.happened(`the next rotation waits until the old key is gone`);
    await until(stage, 'the old key to make room', () => hasRoom(plan, sandbox.provider.keys()));
  }
  say.happened(`keyturn rotate ${sandbox.secretName}; then the hold-off, until every node must know the key`);
  await runKeyturn(['rotate', sandbox.secretName], sandbox.environment);
}

// Somebody switches the new key off by hand, in the middle of its hold-off.
async function spoilNextRotation(stage: Stage): Promise<void> {
  const { sandbox, view, say } = stage;
  const { provider } = sandbox;
  const known = new Set(provider.keys().map(({ keyId }) => keyId));
  await startRotation(stage);
  const fresh = await waitUntil('the third rotation', stage.patienceMs, () =>
    provider.keys().find(({ keyId, enabled }) => !known.has(keyId) && enabled),
  );
  say.happened("a person revokes the new key in the provider's console, in the middle of its hold-off");
  provider.disable(fresh.keyId);
  await until(stage, 'the failure to be told', () => view.failures().length > 0);
}

function until({ patienceMs }: Stage, what: string, happened: () => boolean): Promise<true> {
  return waitUntil(what, patienceMs, () => happened() || undefined);
}

function countsOf({ load, sandbox, view }: Stage): string {
  const { requests, failed } = load.report();
  const keys = sandbox.provider.keys();
  const on = keys.filter(({ enabled }) => enabled).length;
  return `requests ${requests}, failed ${failed} | keys at the provider ${keys.length}, on ${on} | rotations ${view.rotations().length} | mails ${sandbox.aws.mailbox.mails.length}`;
}
