import type { Reason } from '@keyturn/rotation/errors';

import { about, given, secretFacts, type Notice } from './notice.ts';
import { reasonText } from './reason-text.ts';
import type { Story } from './story.ts';
import { utcTime } from './utc-time.ts';

type Fact<Name extends keyof Story> = NonNullable<Story[Name]>;
type Failed = Fact<'failed'>;

const steps: Readonly<Record<Failed['step'], string>> = {
  createSecret: 'while preparing the new key',
  setSecret: 'while registering the new key at the provider',
  testSecret: 'while testing the new key',
  finishSecret: 'while putting the new key into use',
  unknown: 'at an unknown step',
};

const liveInShort: Readonly<Record<Failed['liveCredential'], string>> = {
  old: 'the old key stays in use',
  new: 'the new key is in use already',
  unknown: 'nobody knows whether the key in use works',
};

const live: Readonly<Record<Failed['liveCredential'], string>> = {
  old: 'The secret still holds the old key: applications go on as before.',
  new: 'The secret already holds the new key; only the last part of the rotation is missing.',
  unknown:
    'Keyturn does not know whether the key that the secret holds works. Look now whether your application works.',
};

export function failedNotice(story: Story, failed: Failed): Notice {
  const { secret, reaped } = story;
  if (failed.reason === ('abandoned' satisfies Reason)) return abandonedNotice(story, failed);
  const { why, todo } = reasonText(failed.reason);
  return {
    tone: failed.retryable ? 'warning' : 'bad',
    headline: about(secret, failedHeadline(failed)),
    lines: [
      live[failed.liveCredential],
      `What happened: it stopped ${steps[failed.step]}. ${why}`,
      ...whatNext(failed, todo),
      ...given(reaped, () => 'The new key that this attempt had made is deleted.'),
    ],
    facts: [
      ...secretFacts(secret),
      { label: 'Stopped', value: steps[failed.step] },
      { label: 'Failed so far', value: failedSoFar(failed) },
    ],
    link: { label: 'What to do, step by step', url: failed.runbookUrl },
  };
}

// Nobody knows what the secret holds now: somebody may have put anything into it.
function abandonedNotice({ secret }: Story, failed: Failed): Notice {
  const { why, todo } = reasonText(failed.reason);
  return {
    tone: 'warning',
    headline: about(secret, 'rotation given up, its new key never came into use; please check'),
    lines: [
      why,
      `What to do: ${todo}`,
      ...given(
        failed.nextRetry,
        (next) => `What happens next: the next rotation begins on ${utcTime(next)} at the latest.`,
      ),
    ],
    facts: [...secretFacts(secret), { label: 'Given up', value: utcTime(failed.at) }],
    link: { label: 'What to do, step by step', url: failed.runbookUrl },
  };
}

function failedHeadline({ count, liveCredential, retryable }: Failed): string {
  const times = count === 1 ? '' : ` ${count} times`;
  const next =
    liveCredential === 'unknown'
      ? 'look at your application now'
      : retryable
        ? 'it is tried again automatically'
        : 'somebody has to act';
  return `rotation failed${times}, ${liveInShort[liveCredential]}; ${next}`;
}

function whatNext({ retryable, nextRetry, field, liveCredential }: Failed, todo: string): readonly string[] {
  const by = nextRetry === null ? '' : `, at the latest on ${utcTime(nextRetry)}`;
  const next = `What happens next: AWS Secrets Manager tries again by itself${by}.`;
  // Whoever is asked to check the application has something to do.
  const idle = liveCredential === 'unknown' ? '' : ' Nobody has to do anything now.';
  if (retryable) return [`${next}${idle} ${todo}`];
  const where = field === null ? '' : ` Look at: ${field}.`;
  return [`What to do: ${todo}${where}`, `${next} Until that is done, it is likely to fail in the same way.`];
}

function failedSoFar({ count, firstAt, at }: Failed): string {
  return count === 1 ? `once, ${utcTime(at)}` : `${count} times, from ${utcTime(firstAt)} to ${utcTime(at)}`;
}
