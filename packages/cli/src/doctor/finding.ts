import { PermanentError, TransientError } from '@keyturn/rotation/errors';

import { logIn, notLoggedIn } from '../what-to-do.ts';

/** What a check found: one line for people. `todo`: what to do next, where there is something. */
export type Finding = {
  readonly level: 'ok' | 'warning' | 'problem';
  /** What was looked at. */
  readonly about: string;
  readonly text: string;
  readonly todo: string | null;
};

export const ok = (about: string, text: string): Finding => ({ level: 'ok', about, text, todo: null });
export const warning = (about: string, text: string, todo: string): Finding => ({
  level: 'warning',
  about,
  text,
  todo,
});
export const problem = (about: string, text: string, todo: string): Finding => ({
  level: 'problem',
  about,
  text,
  todo,
});

/** Asks something that needs `permission`. Whoever does not have it is told so, and the other checks go on. */
export async function ask(
  about: string,
  permission: string,
  question: () => Promise<readonly Finding[]>,
): Promise<readonly Finding[]> {
  try {
    return await question();
  } catch (error) {
    if (error instanceof TransientError) {
      return [warning(about, `could not be asked: ${error.message}`, 'Try again.')];
    }
    if (!(error instanceof PermanentError)) throw error;
    if (notLoggedIn.test(error.message)) {
      return [problem(about, `could not be asked: ${error.message}`, logIn)];
    }
    if (error.reason === 'access-denied') {
      return [
        warning(
          about,
          `could not be asked: the permission ${permission} is missing`,
          `Let whoever runs this have ${permission}.`,
        ),
      ];
    }
    const where = error.field === undefined ? 'the message says what is wrong' : `look at ${error.field}`;
    return [problem(about, error.message, `reason ${error.reason}, ${where}.`)];
  }
}
