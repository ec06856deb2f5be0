import type { Story } from './story.ts';

/** What to tell, in plain text; how it looks is for the channel. Values from outside stand in it as they are: a renderer escapes all of it. */
export type Notice = {
  readonly tone: 'good' | 'bad' | 'warning' | 'plain';
  /** Tells everything by itself: it is the subject of a mail and what a phone shows. */
  readonly headline: string;
  readonly lines: readonly string[];
  readonly facts: readonly { readonly label: string; readonly value: string }[];
  readonly link: { readonly label: string; readonly url: string };
};

type Secret = Story['secret'];

export function about({ name, environment }: Secret, what: string): string {
  return `${name} (${environment}): ${what}`;
}

export function secretFacts({ name, owner, environment, provider }: Secret): Notice['facts'] {
  return [
    { label: 'Secret', value: name },
    { label: 'Environment', value: environment },
    { label: 'Owner', value: owner },
    { label: 'Provider', value: provider },
  ];
}

/** What there is to say of a value, if there is one. */
export function given<Value, Said>(
  value: Value | null | undefined | false,
  say: (value: Value) => Said,
): readonly Said[] {
  return value === null || value === undefined || value === false ? [] : [say(value)];
}

export function failedTries(count: number): string {
  return count === 1 ? '1 failed try' : `${count} failed tries`;
}
