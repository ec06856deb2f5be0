import { PermanentError } from '@keyturn/rotation/errors';

import type { Flavour, OwnerKind } from './flavour.ts';

export type Owner = { readonly kind: OwnerKind; readonly name: string };

export type Target = { readonly owner: Owner; readonly app: string };

// No slash, no percent sign in the address, nothing that a URL gives a meaning to.
const name = String.raw`[\w.$%-]+(?: +[\w.$%-]+)*`;
const pattern = new RegExp(
  String.raw`^(?<kind>developers|companies|appgroups)/(?<owner>[\w.+=-]+@[\w.-]+|${name})/apps/(?<app>${name})$`,
);
const forms: Readonly<Record<OwnerKind, string>> = {
  developers: 'developers/<e-mail>/apps/<name>',
  companies: 'companies/<company>/apps/<name>',
  appgroups: 'appgroups/<group>/apps/<name>',
};

/** One of `forms`, as far as the flavour has such owners. It comes from a tag: PermanentError('misconfigured') for everything else. */
export function parseTarget(target: string, flavour: Flavour): Target {
  const groups = pattern.exec(target)?.groups ?? {};
  const kind = flavour.owners.find((one) => one === groups['kind']);
  const { owner, app } = groups;
  if (kind === undefined || owner === undefined || app === undefined || [owner, app].some(isDots)) {
    throw unfit(flavour);
  }
  // Of a developer the address, of the others never one.
  if ((kind === 'developers') !== owner.includes('@')) throw unfit(flavour);
  return { owner: { kind, name: kind === 'developers' ? emailIn(owner, flavour) : owner }, app };
}

/** PermanentError('unsupported') where owner or app have names that no target can hold. */
export function formatTarget({ owner, app }: Target, flavour: Flavour): string {
  const name = owner.kind === 'developers' ? emailIn(owner.name, flavour) : owner.name;
  const target = `${owner.kind}/${name}/apps/${app}`;
  try {
    parseTarget(target, flavour);
  } catch (cause) {
    throw new PermanentError('unsupported', 'The name of the owner or the app holds unusual characters', {
      field: 'target',
      cause,
    });
  }
  return target;
}

function unfit({ owners }: Flavour): PermanentError {
  const possible = owners.map((kind) => forms[kind]).join(' or ');
  return new PermanentError('misconfigured', `A target is ${possible}`, { field: 'target' });
}

function emailIn(email: string, { lowerCaseEmails }: Flavour): string {
  return lowerCaseEmails ? email.toLowerCase() : email;
}

function isDots(text: string): boolean {
  return /^\.+$/.test(text);
}
