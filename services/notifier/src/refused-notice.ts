import type { Reason } from '@keyturn/rotation/errors';

import { about, given, secretFacts, type Notice } from './notice.ts';
import { reasonText } from './reason-text.ts';
import type { Story } from './story.ts';
import { utcTime } from './utc-time.ts';

type Refused = NonNullable<Story['refused']>;

/** These say that the key is bad; others only that it could not be checked. */
const refusals: ReadonlySet<string> = new Set(['key-rejected', 'key-disabled', 'not-yours'] satisfies Reason[]);

/** What applications read is bad, whatever the reason; another key would help. */
const cures: ReadonlySet<string> = new Set([
  ...refusals,
  ...(['shape-mismatch', 'target-missing', 'shared-key'] satisfies Reason[]),
]);

export function refusedNotice({ secret }: Story, refused: Refused): Notice {
  const { why, todo } = whyAndTodo(refused.reason);
  const answer = refused.code === null ? '' : ` The answer was: ${refused.code}.`;
  return {
    tone: 'bad',
    headline: about(secret, headline(refused.reason)),
    lines: [
      `Keyturn read the secret as applications do and tried what it holds at ${secret.provider}. ${why}${answer}`,
      ...(refused.live ? putBack(secret.name, refused.live) : []),
      `What to do${refused.live ? ' otherwise' : ''}: ${todo}`,
      ...given(refused.hasPrevious && cures.has(refused.reason) && !refused.live, () =>
        refused.live === null
          ? `Keyturn could not confirm that the key which the secret held before works still. "keyturn rollback ${secret.name}" tells whether it can be put back.`
          : 'The secret still has the key that it held before. While that key works, "keyturn rollback" puts it back into use.',
      ),
    ],
    facts: [
      ...secretFacts(secret),
      { label: 'Seen', value: utcTime(refused.at) },
      ...given(refused.live, ({ versionId, fingerprint }) => ({
        label: 'Key that works',
        value: `${fingerprint}, of version ${versionId}`,
      })),
    ],
    link: { label: 'What to do, step by step', url: refused.runbookUrl },
  };
}

// AWS's names of secrets need no quoting in a shell.
function putBack(name: string, { versionId, fingerprint, since }: NonNullable<Refused['live']>): readonly string[] {
  return [
    `The key before it still works: key ${fingerprint} of version ${versionId}, which was written on ${utcTime(since)}. This one command puts it back: keyturn rollback ${name} --yes`,
    'That older key is not retired meanwhile: Keyturn keeps it for as long as what the secret holds now does not work.',
  ];
}

function headline(reason: string): string {
  if (refusals.has(reason)) return 'THE CURRENT KEY IS REFUSED, applications that use it are failing or soon will';
  if (reason === ('shape-mismatch' satisfies Reason))
    return 'WHAT THE SECRET HOLDS NOW IS NO KEY, applications that read it are failing or soon will';
  if (reason === ('shared-key' satisfies Reason))
    return 'THE CURRENT KEY BELONGS TO ANOTHER SECRET, and will stop working when that one is rotated';
  return 'the current key could not be checked, applications may be failing';
}

function whyAndTodo(reason: string) {
  if (reason !== ('shared-key' satisfies Reason)) return reasonText(reason);
  return {
    why: 'It works now, but it is the key of another secret: whoever rotates that one ends this key. Keyturn does not take it over.',
    todo: 'Put a key of its own into this secret.',
  };
}
