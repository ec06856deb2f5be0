import type { ApigeeConfig } from '@keyturn/config/config';

/** Whose an app is, in the words of the management API's paths. */
export type OwnerKind = 'developers' | 'companies' | 'appgroups';

/** How the flavours of Apigee differ, as far as the adapter has to know. What differs by owner is in owner-calls.ts. */
export type Flavour = {
  readonly owners: readonly OwnerKind[];
  /** X keeps addresses in lower case and finds no other. */
  readonly lowerCaseEmails: boolean;
  /** Edge says 403 to a password that is wrong, and 401 to one that may not do it. */
  readonly swapsRefusals: boolean;
  /** How the app of a key is found: by a filter, or by looking at every app. */
  readonly search: 'filter' | 'pages';
};

const google: Flavour = {
  owners: ['developers', 'appgroups'],
  lowerCaseEmails: true,
  swapsRefusals: false,
  search: 'filter',
};
const edge: Flavour = {
  owners: ['developers', 'companies'],
  lowerCaseEmails: false,
  swapsRefusals: true,
  search: 'pages',
};

export const flavours: Readonly<Record<ApigeeConfig['flavour'], Flavour>> = {
  x: google,
  hybrid: google,
  edge,
  opdk: edge,
};
