import { about, given, secretFacts, type Notice } from './notice.ts';
import type { Story } from './story.ts';
import { utcTime } from './utc-time.ts';

type Overdue = NonNullable<Story['overdue']>;
type Found = NonNullable<Story['found']>;

/** The look of every hour found what no event tells. */
export function overdueNotice({ secret }: Story, overdue: Overdue): Notice {
  const { headline, what, todo } = textOf(overdue, secret);
  return {
    tone: 'warning',
    headline: about(secret, headline),
    lines: [what, `What to do: ${todo}`, ...given(overdue.detail, (detail) => `Look at: ${detail}.`)],
    facts: [...secretFacts(secret), { label: 'Since', value: utcTime(overdue.since) }],
    link: { label: 'What to do, step by step', url: overdue.runbookUrl },
  };
}

type Text = { readonly headline: string; readonly what: string; readonly todo: string };

const unaffected = 'Applications are not affected: the present key works on.';

function textOf({ why, since, detail }: Overdue, { name }: Story['secret']): Text {
  switch (why) {
    case 'missed':
      return {
        headline: `its key is OVERDUE, it should have been rotated by ${utcTime(since)}`,
        what: `${unaffected} But it is older than its schedule allows.`,
        todo: `"keyturn plan ${name}" says what would refuse a rotation; then run "keyturn rotate ${name}".`,
      };
    case 'not-attached':
      return {
        headline: 'it bears the tags of Keyturn, but nothing rotates it',
        what: `${unaffected} But it will never be rotated.`,
        todo: `Run "keyturn adopt ${name}" with --yes again, or take its tags off.`,
      };
    case 'disabled':
      return {
        headline: 'its rotation is switched off',
        what: `${unaffected} But it is not rotated any more.`,
        todo: `Find out who switched it off (CloudTrail has it as CancelRotateSecret), then run "keyturn adopt ${name}" with --yes again.`,
      };
    case 'foreign-function':
      return {
        headline: 'another function rotates it by now',
        what: 'Keyturn had rotated it, and does not any more. It does not retire its old keys either.',
        todo: `If that was not meant, run "keyturn adopt ${name}" with --yes again; if it was, take its tags off.`,
      };
    case 'misconfigured':
      return {
        headline: 'its tags say nothing that Keyturn understands any more',
        what: `${unaffected} But it is neither rotated nor are its old keys retired: ${detail ?? 'a tag'} is missing, or picks what the configuration does not have.`,
        todo: `"keyturn plan ${name}" says what is wrong with it; put the tag right, or run "keyturn adopt ${name}" with --yes again.`,
      };
    case 'replica-failed':
      return {
        headline: 'its copy in another Region is missing or old',
        what: 'Applications in that Region may read an old key, or none. Nobody is told of a new key before its copies are there.',
        todo: 'Look at the replication of the secret in the console of AWS, and try it again there.',
      };
    case 'admin-secret':
      return adminText(detail ?? '');
    default:
      return {
        headline: 'it is not rotated as it should be',
        what: `The reason that was given is: ${why}.`,
        todo: 'Look it up in the runbook.',
      };
  }
}

function adminText(detail: string): Text {
  const what = 'Keyturn itself uses the credential in this secret, and nobody rotates it but people.';
  if (detail.endsWith(': too-old')) {
    return {
      headline: "a credential of Keyturn's own is older than the configuration allows",
      what,
      todo: 'Make a new one where it comes from, put it into the secret, and take the old one back.',
    };
  }
  return {
    headline: "a credential of Keyturn's own cannot be found",
    what: `${what} Without it rotations fail, or nobody is told of them.`,
    todo: 'Make the secret, restore it, or name the right one in the configuration.',
  };
}

/** A key that nobody owns any more. */
export function foundNotice({ secret }: Story, found: Found): Notice {
  const { formerSecret, secretGone, target, reapAt, runbookUrl } = found;
  return {
    tone: 'warning',
    headline: about(
      secret,
      secretGone
        ? 'the secret is gone, and a key still works in its place'
        : 'a key of a secret that is gone still works beside its own',
    ),
    lines: [
      secretGone
        ? `No secret with this place is left. But at ${secret.provider} there is a key that Keyturn had made for ${formerSecret}, and it works as before.`
        : `The key that this secret holds is not affected. But in the same place at ${secret.provider} there is a key that Keyturn had made for ${formerSecret}, and no such secret exists any more.`,
      reapAt === null
        ? `What to do: If nobody uses it, delete it by hand at ${secret.provider}. Keyturn does not: it ends such keys only where its configuration says so, and never the last one of a place.`
        : `What to do: If somebody uses it, say so to the people who run Keyturn. On ${utcTime(reapAt)} at the earliest Keyturn switches it off, and deletes it after the soak.`,
    ],
    facts: [...secretFacts(secret), { label: 'Where it is', value: target }],
    link: { label: 'What to do, step by step', url: runbookUrl },
  };
}
