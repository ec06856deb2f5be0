import type { Reason } from '@keyturn/rotation/errors';

/** A reason in the words of somebody who never heard of Keyturn: what is the matter, and what has to be done. Full sentences. */
export type ReasonText = { readonly why: string; readonly todo: string };

const texts: Readonly<Record<Reason, ReasonText>> = {
  malformed: {
    why: 'The request that started it could not be understood.',
    todo: 'Find out who called Keyturn and with what.',
  },
  misconfigured: {
    why: 'The configuration of Keyturn, or a tag on the secret, is wrong or missing.',
    todo: 'Correct the configuration or the tag.',
  },
  'unknown-step': {
    why: 'AWS Secrets Manager asked for a step that Keyturn does not know.',
    todo: 'Deploy the current version of Keyturn.',
  },
  'not-ours': {
    why: 'The secret is not set up to be rotated by this installation of Keyturn.',
    todo: 'Check which rotation function the secret names, and whether its rotation is switched on.',
  },
  abandoned: {
    why: 'The secret was changed while the rotation ran, or a newer rotation took its place.',
    todo: 'If somebody changed the secret on purpose, nothing. Otherwise find out who did.',
  },
  'secret-missing': {
    why: 'The secret does not exist any more.',
    todo: 'Create the secret again, or take it out of rotation.',
  },
  'secret-deleting': {
    why: 'The secret is marked for deletion.',
    todo: 'If it is still needed, cancel its deletion in AWS Secrets Manager.',
  },
  'access-denied': {
    why: 'Keyturn is not allowed to do this.',
    todo: 'Give Keyturn the missing permission.',
  },
  'shape-mismatch': {
    why: 'The content of the secret does not look as configured.',
    todo: 'Run "keyturn plan" with the name of the secret: it says what does not fit, and which lines to add where another credential or a copy of the key is in the way. Then correct the content of the secret, or the shape that the configuration gives for it.',
  },
  'target-missing': {
    why: 'The provider does not know the app that the key is for.',
    todo: 'Create the app again, or correct the tag keyturn:target of the secret.',
  },
  'not-yours': {
    why: 'What the secret holds is not what the provider knows: the key is absent, differs, or belongs to something else.',
    todo: 'Put the right key into the secret, or correct its tag keyturn:target.',
  },
  'shared-key': {
    why: 'Another secret holds the same key; rotating it here would break the other one.',
    todo: 'Give each secret a key of its own.',
  },
  'key-conflict': {
    why: 'The provider already has a different key under the id of the new one.',
    todo: 'Look for that key at the provider.',
  },
  'key-disabled': {
    why: 'A key is switched off at the provider: the current one, or the new one before it came into use.',
    todo: 'Switch the current key on again at the provider, if it is that one; a new one that was not in use is discarded, and the next rotation makes another. Then find out who switched it off.',
  },
  'last-key': {
    why: 'It is the last key of its app that works.',
    todo: 'Make sure that another key of the app works first.',
  },
  'same-key': {
    why: 'The new key is the same as the one in use.',
    todo: 'Find out why the provider issues the same key again.',
  },
  'entitlements-differ': {
    why: 'The new key may not do the same as the key in use.',
    todo: 'Compare what both keys may do at the provider, and make it equal. Where the provider cannot change a key, the next rotation makes another.',
  },
  quota: {
    why: 'The provider does not allow any more keys.',
    todo: 'Delete keys that nobody needs, or have the limit raised.',
  },
  unsupported: {
    why: 'The provider cannot do what the policy asks for.',
    todo: 'Change the policy, or use another kind of provider.',
  },
  'provider-refused': {
    why: 'The provider refused what Keyturn asked for.',
    todo: 'Check the credential with which Keyturn administers the provider.',
  },
  'provider-answer': {
    why: 'The provider answered something that Keyturn does not understand.',
    todo: 'Check the address of the provider, and whether a proxy or a login page answers in its place.',
  },
  'key-rejected': {
    why: 'The API does not accept the key.',
    todo: 'Check at the provider that the app, the key and its products are approved.',
  },
  'accepts-anything': {
    why: 'The test proves nothing: the tested address accepts any key at all.',
    todo: 'Configure a probe whose address asks for a key.',
  },
  unavailable: {
    why: 'The provider or AWS did not answer in time.',
    todo: 'If it goes on, check the network and the state of the provider.',
  },
  'not-propagated': {
    why: 'The new key is not accepted everywhere yet.',
    todo: 'If it goes on, ask the provider why a new key takes so long.',
  },
  'handler-died': {
    why: 'The attempt ended without a result: the rotation function crashed or ran out of time.',
    todo: 'If it goes on, look at the log of the rotation function.',
  },
  'outside-window': {
    why: 'The provider ends the old key when it makes the new one, so that requests fail meanwhile. The policy accepts that at certain times only, and this is none of them.',
    todo: 'Nothing: it is done at the next such time. Run "keyturn plan" with the name of the secret, and it says when.',
  },
  internal: {
    why: 'Something went wrong inside Keyturn.',
    todo: 'If it goes on, give the people who run Keyturn the time of this message.',
  },
  'still-read': {
    why: 'Somebody read the old version of the secret later than applications should.',
    todo: 'Find out who reads this secret by a version id or by AWSPREVIOUS (CloudTrail has it as GetSecretValue), and let them read AWSCURRENT.',
  },
  'still-used': {
    why: 'The provider says that the old key was used a short time ago.',
    todo: 'Find the application that has a copy of the old key, and let it read the secret again.',
  },
  'not-adopted': {
    why: 'An application that tells which version of the secret it uses has not said that it uses a newer one.',
    todo: 'Let that application read the secret again, or restart it.',
  },
  'still-accepted': {
    why: 'The provider still accepts the old key although it was switched off.',
    todo: 'If it goes on, check at the provider why the key is still accepted.',
  },
  're-enabled': {
    why: 'Somebody switched the old key on again.',
    todo: 'Find out who still needs the old key.',
  },
  'observe-only': {
    why: 'The policy only reports that the old key is due; it switches nothing off.',
    todo: 'Switch the old key off by hand, or let the policy do it (its field retirement).',
  },
  'not-approved': {
    why: 'The policy wants a person to approve it first.',
    todo: 'Run "keyturn approve" with the name of the secret, and the old key is switched off.',
  },
};

/** A later version of a publisher may know more reasons than we do. */
export function reasonText(reason: string): ReasonText {
  const known: Readonly<Record<string, ReasonText>> = texts;
  const text = Object.hasOwn(known, reason) ? known[reason] : undefined;
  return text ?? { why: `The reason that was given is: ${reason}.`, todo: 'Look it up in the runbook.' };
}
