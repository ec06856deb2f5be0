import { about, failedTries, given, secretFacts, type Notice } from './notice.ts';
import type { Story } from './story.ts';
import { utcTime } from './utc-time.ts';

type Fact<Name extends keyof Story> = NonNullable<Story[Name]>;

export function adoptedNotice({ secret }: Story, adopted: Fact<'adopted'>): Notice {
  const first = adopted.nextRotationAt === null ? '' : `, first on ${utcTime(adopted.nextRotationAt)}`;
  return {
    tone: 'plain',
    headline: about(secret, `its key is rotated automatically from now on${first}`),
    lines: [
      'Keyturn will replace the key in this AWS secret on a schedule. Nothing has changed yet: the present key stays in use.',
      adopted.requestsFail === true
        ? 'The provider ends the old key when it makes the new one: requests fail in each rotation, until applications have read the secret again. It is begun only in the hours that the schedule names. You will hear of every rotation.'
        : 'After each rotation the old key keeps working for a while, so that applications can pick up the new one from AWS Secrets Manager. You will hear of every rotation.',
    ],
    facts: [
      ...secretFacts(secret),
      { label: 'Schedule', value: scheduleText(adopted.schedule) },
      { label: 'First rotation', value: timeOr(adopted.nextRotationAt, 'not known yet') },
    ],
    link: { label: 'About key rotation', url: secret.runbookUrl },
  };
}

export function rotatedNotice(story: Story, rotated: Fact<'rotated'>): Notice {
  const { secret, failed } = story;
  return {
    // What a person put there is good once it was checked.
    tone: rotated.cause === 'rotation' || story.verified !== undefined ? 'good' : 'plain',
    headline: about(secret, rotatedHeadline(rotated, failed)),
    lines: [
      ...given(
        failed,
        ({ count, firstAt }) =>
          `The rotation had failed first on ${utcTime(firstAt)} (${failedTries(count)}), and has now gone through.`,
      ),
      whatHappened(rotated, secret.provider),
      ...oldKey(rotated),
    ],
    facts: rotatedFacts(secret, rotated),
    link: { label: 'About key rotation', url: secret.runbookUrl },
  };
}

function rotatedFacts(secret: Story['secret'], rotated: Fact<'rotated'>): Notice['facts'] {
  return [
    ...secretFacts(secret),
    {
      label: 'Old key works until',
      value: timeOr(rotated.oldWorksUntil, rotated.hadPrevious ? 'no end is set' : 'there was none'),
    },
    { label: 'Next rotation', value: timeOr(rotated.nextRotationAt, 'not scheduled') },
  ];
}

/** The key that was replaced: after a rollback it is the newer one. */
export function replacedKey({ rotated }: Story): string {
  return rotated?.cause === 'rollback' ? 'replaced, newer key' : 'old key';
}

export function disabledNotice(story: Story, { deleteAt }: Fact<'disabled'>): Notice {
  const { secret } = story;
  const key = replacedKey(story);
  return {
    tone: 'plain',
    headline: about(secret, `the ${key} is switched off, and will be deleted on ${utcTime(deleteAt)} at the earliest`),
    lines: [
      `It is refused from now on. If something stopped working just now, it still used the ${key}: let it read the secret again.`,
      'Until it is deleted, it can be switched on again. Where the policy wants a person to agree to its deletion (its field deletion), it waits for that, and another message says so.',
    ],
    facts: secretFacts(secret),
    link: { label: 'About key rotation', url: secret.runbookUrl },
  };
}

export function retiredNotice(story: Story): Notice {
  const { secret } = story;
  return {
    tone: 'good',
    headline: about(secret, `the ${replacedKey(story)} is deleted`),
    lines: ['It cannot be used any more, and nothing is left to do.'],
    facts: secretFacts(secret),
    link: { label: 'About key rotation', url: secret.runbookUrl },
  };
}

export function verifiedNotice({ secret }: Story, { verification }: Fact<'verified'>): Notice {
  const how =
    verification === 'dataPlane'
      ? 'Keyturn read the secret as applications do, and the API accepted its key.'
      : `Keyturn read the secret as applications do, and ${secret.provider} has its key switched on. No request to the API was made.`;
  return {
    tone: 'good',
    headline: about(secret, 'the current key was checked and is accepted'),
    lines: [how],
    facts: secretFacts(secret),
    link: { label: 'About key rotation', url: secret.runbookUrl },
  };
}

/** A person pasted it, and it is the secret's by proof. */
export function takenOverNotice({ secret }: Story): Notice {
  return {
    tone: 'good',
    headline: about(secret, 'the key that was put in by hand is adopted'),
    lines: [
      `${secret.provider} knows it, with the secret that was put in beside it, and nobody else's mark is on it. Keyturn rotates it from now on like a key of its own.`,
      'The key that it replaces is retired as after any rotation. Nobody has to do anything.',
    ],
    facts: secretFacts(secret),
    link: { label: 'About key rotation', url: secret.runbookUrl },
  };
}

export function recoveredNotice(story: Story, verified: Fact<'verified'>): Notice {
  const { headline: _headline, ...same } = verifiedNotice(story, verified);
  return { ...same, headline: about(story.secret, 'resolved, the current key is accepted again') };
}

export function restoredNotice({ secret, rotated }: Story): Notice {
  const isRollback = rotated?.cause === 'rollback';
  return {
    tone: 'warning',
    headline: about(secret, 'the current key had been switched off, and is switched on again'),
    lines: [
      `Applications may have been refused at ${secret.provider} until Keyturn switched it on.`,
      isRollback
        ? 'It had been switched off as an old key, before the secret was rolled back to it.'
        : 'Find out who or what switched it off, or it may happen again.',
    ],
    facts: secretFacts(secret),
    link: { label: 'What to do, step by step', url: secret.runbookUrl },
  };
}

export function reapedNotice({ secret, reaped }: Story): Notice {
  const { formerSecret } = reaped ?? {};
  return {
    tone: 'plain',
    headline: about(secret, 'a left-over key was deleted'),
    lines: [
      formerSecret === undefined
        ? 'It came from an attempt to rotate that was given up. It was never in use, and no application had it.'
        : `It belonged to ${formerSecret}, which is gone. It had been switched off for the longest soak of any policy before.`,
    ],
    facts: secretFacts(secret),
    link: { label: 'About key rotation', url: secret.runbookUrl },
  };
}

const inShort: Readonly<Record<Fact<'rotated'>['cause'], { what: string; key: string }>> = {
  rotation: { what: 'key rotated', key: 'the old key' },
  rollback: { what: 'rolled back to an earlier key', key: 'the key it replaces' },
  // Whether its key is another one, only the check tells.
  manual: { what: 'secret changed by hand', key: 'a key that it replaced' },
};

function rotatedHeadline({ cause, at, oldWorksUntil }: Fact<'rotated'>, failed: Story['failed']): string {
  const { what, key } = inShort[cause];
  const ended = oldWorksUntil !== null && oldWorksUntil <= at;
  const works = ended ? 'stopped working' : `works until ${utcTime(oldWorksUntil ?? at)}`;
  const until = oldWorksUntil === null ? '' : `, ${key} ${works}`;
  return failed === undefined ? `${what}${until}` : `resolved, ${what} after ${failedTries(failed.count)}${until}`;
}

function whatHappened({ cause, verification }: Fact<'rotated'>, provider: string): string {
  if (cause === 'rollback') return 'Somebody moved the secret back to a key that it held before. That key stays valid.';
  if (cause === 'manual')
    return 'Somebody changed the secret outside of Keyturn. Keyturn checks the key that it holds now, and tells here whether it is accepted.';
  return verification === 'dataPlane'
    ? 'Keyturn put a new key into this AWS secret, after the API had accepted it.'
    : `Keyturn put a new key into this AWS secret, after ${provider} had registered it. No request to the API was made with it.`;
}

function oldKey({ at, cause, hadPrevious, oldWorksUntil }: Fact<'rotated'>): readonly string[] {
  if (!hadPrevious) return [];
  if (oldWorksUntil === null) return ['The key that was replaced keeps working: no end is set for it.'];
  if (oldWorksUntil <= at) {
    return [
      'The provider ended the old key when it made the new one. Requests fail until each application has read the secret again: restart one that still fails.',
    ];
  }
  const unchecked = cause === 'manual' ? 'If it is, applications' : 'Applications';
  return [
    `${unchecked} that read the secret from AWS Secrets Manager need no change. Whoever keeps a copy of the key elsewhere has to replace it by ${utcTime(oldWorksUntil)}.`,
  ];
}

function timeOr(ms: number | null, otherwise: string): string {
  return ms === null ? otherwise : utcTime(ms);
}

function scheduleText(schedule: string): string {
  const rate = /^rate\((\d+) (\w+)\)$/.exec(schedule);
  return rate === null ? schedule : `every ${rate[1]} ${rate[2]}`;
}
