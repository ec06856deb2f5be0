import { applyLoad, type Load } from './apply-load.ts';
import { findLeaks } from './find-leaks.ts';
import type { Progress } from './progress.ts';
import { Refused, runKeyturn } from './run-keyturn.ts';
import type { Sandbox } from './sandbox.ts';
import type { ScenarioName } from './scenario.ts';
import { apiPaths } from './seed-app.ts';
import { GaveUp, waitUntil } from './wait-until.ts';
import { watchStage, type StageView } from './watch-stage.ts';

export type StoryOptions = {
  readonly readerCacheMs: number;
  /** Longest wait for one thing to happen. */
  readonly patienceMs: number;
};

export type Summary = {
  readonly provider: ScenarioName;
  readonly rotations: number;
  readonly requests: number;
  readonly failedRequests: number;
  /** From Secrets Manager's start of a rotation to SecretRotated, in milliseconds. */
  readonly rotationMs: readonly number[];
  /** Keys that were current once and are not any more, the hand-made one among them. */
  readonly supersededKeys: number;
  /** Of these, the ones that every node refuses in the end. */
  readonly supersededKeysRefused: number;
  /** Keys of the app that are not the current one. */
  readonly orphans: number;
  readonly deadLetters: number;
  /** Alerts in Slack, not counting their updates. */
  readonly alerts: number;
  readonly slackMessages: number;
  readonly mails: number;
};

type Stage = {
  readonly sandbox: Sandbox;
  readonly view: StageView;
  readonly load: Load;
  readonly say: Progress;
  readonly patienceMs: number;
};

/** Adopts the pasted key, lets the schedule rotate it twice, rolls back, spoils one rotation, and waits until nothing is left to do. */
export async function playStory(sandbox: Sandbox, say: Progress, options: StoryOptions): Promise<Ending> {
  const { apigee, aws, secretName, environment } = sandbox;
  const { VersionId: firstVersion = '' } = await aws.secrets.getSecretValue({ SecretId: secretName });
  const view = watchStage(aws, firstVersion, (text) => say.happened(text));
  const load = applyLoad(
    {
      gatewayUrl: apigee.gatewayUrl,
      secretId: secretName,
      paths: [...apiPaths],
      clients: 12,
      cacheMs: options.readerCacheMs,
      requestsPerSecond: 100,
    },
    environment,
  );
  const stage: Stage = { sandbox, view, load, say, patienceMs: options.patienceMs };
  const counting = setInterval(() => say.counts(countsOf(stage)), 250);
  try {
    const broken = await actOut(stage).then(() => undefined, whyItBroke);
    const report = await load.stop();
    return { summary: await sumUp(stage, report), failures: report.failures, broken, leaks: await findLeaks(sandbox) };
  } finally {
    clearInterval(counting);
    load.kill();
    view.close();
    say.end();
  }
}

export type Ending = {
  readonly summary: Summary;
  /** Failed requests by status and fault code. */
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
  const { sandbox, view, say, load } = stage;
  const { environment, secretName } = sandbox;
  await until(stage, 'the first requests', () => load.report().requests > 0);
  say.happened('100 requests a second, half of the clients keep what they read; nobody retries');

  const picks = ['--provider', 'apigee', '--policy', 'standard', '--shape', 'pair', '--owner', 'payments'];
  say.happened(`keyturn adopt ${secretName} ${picks.join(' ')} --yes`);
  await runKeyturn(['adopt', secretName, ...picks, '--yes'], environment);

  say.happened(
    'waiting for the schedule, which comes round every 14 s; then the hold-off, until every node must know the key',
  );
  await until(stage, 'the first scheduled rotation', () => view.rotations().length >= 1);
  await until(stage, 'the second scheduled rotation', () => view.rotations().length >= 2);
  await until(stage, 'everybody to have heard of it', () => view.waiting() === 0);
  say.happened(`keyturn rollback ${secretName} --yes`);
  await runKeyturn(['rollback', secretName, '--yes'], environment);
  await until(stage, 'the rollback to be told', () => view.count('SecretRotated') >= 3);

  await spoilNextRotation(stage);
  await sandbox.aws.secrets.cancelRotateSecret({ SecretId: secretName });
  say.happened('the schedule is switched off; waiting until nothing is left over');
  await until(
    stage,
    'every superseded key to be deleted',
    () => sandbox.apigee.keys(sandbox.scenario.app).length === 1,
  );
  await until(stage, 'the queues to be empty', () => view.waiting() === 0);
  await sandbox.aws.idle();
  say.happened('every superseded key is deleted, and every message handled');
}

// Somebody revokes the new key by hand, in the middle of its hold-off.
async function spoilNextRotation(stage: Stage): Promise<void> {
  const { sandbox, view, say } = stage;
  const { app } = sandbox.scenario;
  const known = new Set(sandbox.apigee.keys(app).map(({ consumerKey }) => consumerKey));
  const fresh = await waitUntil('the third scheduled rotation', stage.patienceMs, () =>
    sandbox.apigee.keys(app).find(({ consumerKey, products }) => !known.has(consumerKey) && products.length > 0),
  );
  say.happened('a person revokes the new key in the Apigee console, in the middle of its hold-off');
  sandbox.apigee.hand.setKeyStatus(app, fresh.consumerKey, 'revoked');
  await until(stage, 'the failure to be told', () => view.failures().length > 0);
}

function until({ patienceMs }: Stage, what: string, happened: () => boolean): Promise<true> {
  return waitUntil(what, patienceMs, () => happened() || undefined);
}

async function sumUp({ sandbox, view }: Stage, report: { requests: number; failed: number }): Promise<Summary> {
  const { aws, apigee, slack, scenario, secretName } = sandbox;
  const { VersionId: current = '', SecretString: text = '' } = await aws.secrets.getSecretValue({
    SecretId: secretName,
  });
  const superseded = view.wereCurrent().filter((versionId) => versionId !== current);
  const refused = await Promise.all(superseded.map((versionId) => isRefusedEverywhere(sandbox, versionId)));
  const messages = await slack.messages();
  const rotations = view.rotations();
  return {
    provider: scenario.name,
    rotations: rotations.length,
    requests: report.requests,
    failedRequests: report.failed,
    rotationMs: rotations.map(({ tookMs }) => tookMs),
    supersededKeys: superseded.length,
    supersededKeysRefused: refused.filter(Boolean).length,
    orphans: apigee.keys(scenario.app).filter(({ consumerKey }) => !text.includes(consumerKey)).length,
    deadLetters: view.deadLetters(),
    alerts: messages.filter(({ alert, head }) => alert && head === undefined).length,
    slackMessages: messages.length,
    mails: aws.mailbox.mails.length,
  };
}

const refusedWithinMs = 10_000;

async function isRefusedEverywhere({ aws, apigee, secretName }: Sandbox, versionId: string): Promise<boolean> {
  const { SecretString: text = '' } = await aws.secrets.getSecretValue({ SecretId: secretName, VersionId: versionId });
  const key = /"client_id":"([^"]+)"/.exec(text)?.[1] ?? '';
  const urls = apigee.nodeUrls.flatMap((node) => apiPaths.map((path) => `${node}${path}`));
  const refused = async (url: string) => (await fetch(url, { headers: { 'x-apikey': key } })).status === 401;
  const answer = waitUntil('the old key to be refused', refusedWithinMs, async () =>
    (await Promise.all(urls.map(refused))).every(Boolean) ? true : undefined,
  );
  return answer.catch(() => false);
}

function countsOf({ load, sandbox, view }: Stage): string {
  const { requests, failed } = load.report();
  const keys = sandbox.apigee.keys(sandbox.scenario.app);
  const on = keys.filter(({ status }) => status === 'approved').length;
  return `requests ${requests}, failed ${failed} | keys at Apigee ${keys.length}, on ${on} | rotations ${view.rotations().length} | mails ${sandbox.aws.mailbox.mails.length}`;
}
