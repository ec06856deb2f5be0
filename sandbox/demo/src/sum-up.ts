import type { LoadReport } from './load.ts';
import type { Sandbox } from './sandbox.ts';
import { sortFailures, type StoryPlan } from './story-plan.ts';
import { waitUntil } from './wait-until.ts';
import type { StageView } from './watch-stage.ts';

export type Summary = {
  /** The name of its scenario. */
  readonly provider: string;
  readonly rotations: number;
  readonly requests: number;
  readonly failedRequests: number;
  /** Where a new key ends the old one: the failures of that moment, which are in no other count. */
  readonly failedInCutover: number;
  /** From Secrets Manager's start of a rotation to SecretRotated, in milliseconds. */
  readonly rotationMs: readonly number[];
  /** Keys that were current once and are not any more, the hand-made one among them. */
  readonly supersededKeys: number;
  /** Of these, the ones that every node refuses in the end. */
  readonly supersededKeysRefused: number;
  /** Keys of the target that are not the current one. */
  readonly orphans: number;
  readonly deadLetters: number;
  /** Alerts in Slack, not counting their updates. */
  readonly alerts: number;
  readonly slackMessages: number;
  readonly mails: number;
};

type Story = {
  readonly sandbox: Sandbox;
  readonly plan: StoryPlan;
  readonly view: StageView;
  readonly report: Pick<LoadReport, 'requests' | 'failedAt'>;
  /** After this long everybody has read the new key, and every node knows it. */
  readonly settledAfterMs: number;
};

/** A request that began in the cutover may end so much later; what is seen of the stage lags a little too. */
const lateMs = 1000;
const refusedWithinMs = 10_000;

export async function sumUp({ sandbox, plan, view, report, settledAfterMs }: Story): Promise<Summary> {
  const { aws, provider, slack, scenario, secretName } = sandbox;
  const { VersionId: current = '', SecretString: text = '' } = await aws.secrets.getSecretValue({
    SecretId: secretName,
  });
  const superseded = view.wereCurrent().filter((versionId) => versionId !== current);
  const refused = await Promise.all(superseded.map((versionId) => isRefusedEverywhere(sandbox, versionId)));
  const messages = await slack.messages();
  const rotations = view.rotations();
  const cutovers = plan.keepsOldKey
    ? []
    : rotations.map(({ startedAt, endedAt }) => ({ from: startedAt, to: endedAt + settledAfterMs + lateMs }));
  const failures = sortFailures(report.failedAt, cutovers);
  const currentKey = provider.keyIdOf(text);
  return {
    provider: scenario.name,
    rotations: rotations.length,
    requests: report.requests,
    failedRequests: failures.outside,
    failedInCutover: failures.inCutover,
    rotationMs: rotations.map(({ startedAt, endedAt }) => endedAt - startedAt),
    supersededKeys: superseded.length,
    supersededKeysRefused: refused.filter(Boolean).length,
    orphans: provider.keys().filter(({ keyId }) => keyId !== currentKey).length,
    deadLetters: view.deadLetters(),
    alerts: messages.filter(({ alert, head }) => alert && head === undefined).length,
    slackMessages: messages.length,
    mails: aws.mailbox.mails.length,
  };
}

async function isRefusedEverywhere({ aws, provider, secretName }: Sandbox, versionId: string): Promise<boolean> {
  const { SecretString: text = '' } = await aws.secrets.getSecretValue({ SecretId: secretName, VersionId: versionId });
  const answer = waitUntil('the old key to be refused', refusedWithinMs, async () =>
    (await provider.isRefused(text)) ? true : undefined,
  );
  return answer.catch(() => false);
}
