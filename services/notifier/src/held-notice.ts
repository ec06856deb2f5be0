import { entry } from '@keyturn/config/entry';
import type { Reason } from '@keyturn/rotation/errors';

import { about, given, secretFacts, type Notice } from './notice.ts';
import { reasonText } from './reason-text.ts';
import type { Story } from './story.ts';
import { utcTime } from './utc-time.ts';

type Held = NonNullable<Story['held']>;

/** A key is due, and is kept. */
export function heldNotice({ secret }: Story, held: Held): Notice {
  const { headline, state, why, todo, applications = unaffected } = textOf(held, secret);
  return {
    tone: 'warning',
    headline: about(secret, headline),
    lines: [
      `${applications} ${state}`,
      `Why it was kept: ${why}`,
      `What to do: ${todo} Keyturn looks again by ${utcTime(held.nextTryAt)}.`,
      ...given(
        held.forceAt,
        (at) => `The policy waits no longer than ${utcTime(at)}: then the old key is switched off whoever uses it.`,
      ),
    ],
    facts: secretFacts(secret),
    link: { label: 'What to do, step by step', url: held.runbookUrl },
  };
}

type Text = {
  readonly headline: string;
  readonly applications?: string;
  readonly state: string;
  readonly why: string;
  readonly todo: string;
};

/** Where the reason may be about what applications use now, or is. */
const notSure: Readonly<Partial<Record<string, string>>> = {
  'shape-mismatch':
    'Applications are not affected if it is an old version that does not fit. If it is the current one, they may be failing, and another message says so.',
  'target-missing':
    'Look now whether your applications work: if the app is gone, its keys are gone with it, and they are failing. If only a tag is wrong, they are not affected.',
  'secret-missing': 'Applications that still read this secret are failing, or will when they read it again.',
  'secret-deleting':
    'Applications cannot read the secret any more: those that still need it are failing, or will when they read it again.',
  'key-disabled':
    'Applications are not affected if it is an old key that is switched off. If it is the current one, they are failing.',
  'access-denied':
    'Keyturn cannot tell whether applications are affected: what it may not do, they may not be able to do, either.',
} satisfies Partial<Record<Reason, string>>;

// The old key may be another secret's too, or the current one; the reason does not tell.
const shared: Text = {
  headline: 'an old key is kept, because keys are shared between secrets',
  applications:
    'Applications work for now. If it is the current key that belongs to another secret, they fail when that one is rotated.',
  state: 'The old key still exists, longer than the policy wants.',
  why: 'Another secret gives the old key to its readers too, or the current key belongs to another secret. To end the old key now could break somebody.',
  todo: 'Run "keyturn plan" for this secret and for the others with the same tag keyturn:target, and give each a key of its own.',
};

const unaffected = 'Applications are not affected by this: they use the current key.';

function textOf(held: Held, secret: Story['secret']): Text {
  const { reason } = held;
  if (reason === ('not-approved' satisfies Reason)) return approvalText(held, secret);
  if (Object.hasOwn(needs, reason)) return needText(held);
  if (reason === ('key-rejected' satisfies Reason)) return currentRefusedText(secret);
  if (reason === ('shared-key' satisfies Reason)) return shared;
  const text = { headline: 'an old key is due to be removed, but had to be kept', ...reasonText(reason) };
  if (reason === ('observe-only' satisfies Reason)) {
    return { ...text, state: 'The old key still exists, as the policy asks.' };
  }
  const applications = entry(notSure, reason);
  if (applications !== undefined) {
    const headline = 'an old key had to be kept; look whether your application works';
    return { ...text, headline, applications, state: 'The old key still exists.' };
  }
  const state = 'But the old key still exists, longer than the policy wants.';
  if (reason !== ('not-yours' satisfies Reason)) return { ...text, state };
  return {
    ...text,
    state,
    why:
      'The old key does not bear the mark of Keyturn for this secret, so nothing proves that nobody else uses it. Keyturn never touches such a key.' +
      (held.versionId === undefined ? '' : ` Version ${held.versionId} of the secret holds it.`),
    todo: `If nobody needs it any more, delete it by hand at ${secret.provider}.`,
  };
}

// Held with this reason, it is about the current key, never about the old one.
function currentRefusedText({ name, provider }: Story['secret']): Text {
  return {
    headline: 'an old key is kept, because the current one is refused',
    applications: 'Applications that use the current key are failing, or soon will.',
    state: 'The old key still exists.',
    why: `The key that the secret holds now does not work at ${provider}, so the old one may be needed again.`,
    todo: `Put a key that works into the secret. "keyturn rollback ${name} --yes" puts the one before back, if that one still works.`,
  };
}

function approvalText({ step }: Held, { name }: Story['secret']): Text {
  if (step === 'delete') {
    return {
      headline: 'an old key waits for your approval before it is deleted for good',
      state: 'Nothing else happens to the old key for now.',
      why: 'The policy lets Keyturn delete a key only after a person agreed (its field deletion). Switching it off needed no such word, and approving that did not count for this.',
      todo: `If nobody missed the old key, run "keyturn approve ${name}": then it is deleted, and cannot be brought back.`,
    };
  }
  return {
    headline: 'an old key waits for your approval before it is switched off',
    state: 'The old key still exists and works, as the policy asks.',
    why: 'The policy wants a person to approve it first (its field retirement).',
    todo: `Run "keyturn approve ${name}", and the old key is switched off. It can be switched on again until it is deleted.`,
  };
}

const needs: Readonly<Partial<Record<string, string>>> = {
  'still-read': 'somebody still reads it',
  'still-used': 'somebody still uses it',
  'not-adopted': 'an application has not let go of it',
} satisfies Partial<Record<Reason, string>>;

function needText({ reason, overMaxGrace, lateReaders }: Held): Text {
  const { why: cause, todo } = reasonText(reason);
  const why = lateReaders.length === 0 ? cause : `${cause} In the configuration it is: ${lateReaders.join(', ')}.`;
  const use = needs[reason] ?? '';
  if (!overMaxGrace) {
    return {
      headline: `an old key is due to be removed, but ${use}`,
      state: 'The old key still works, so nothing fails.',
      why,
      todo,
    };
  }
  return {
    headline: `an old key LIVES LONGER THAN THE POLICY ALLOWS, because ${use}`,
    state: 'The old key still works, so nothing fails; but it is older than the maxGrace of the policy.',
    why: `${why} The policy (afterMaxGrace: hold) keeps it even so, and will keep it until that ends.`,
    todo: `${todo} If it has to go all the same, have the policy say afterMaxGrace: force.`,
  };
}
