import { PermanentError } from '@keyturn/rotation/errors';

/** A developer's app. */
export type Target = { readonly developer: string; readonly app: string };

// No slash, no percent sign in the address, nothing that a URL gives a meaning to.
const pattern = /^developers\/(?<developer>[\w.+=-]+@[\w.-]+)\/apps\/(?<app>[\w.$%-]+(?: +[\w.$%-]+)*)$/;

/** `developers/<e-mail>/apps/<name>`. It comes from a tag: PermanentError('misconfigured') for everything else. */
export function parseTarget(target: string): Target {
  const { developer, app } = pattern.exec(target)?.groups ?? {};
  if (developer === undefined || app === undefined || /^\.+$/.test(app)) {
    throw new PermanentError('misconfigured', 'A target is developers/<e-mail>/apps/<name>', { field: 'target' });
  }
  // Apigee X keeps addresses in lower case and finds no other.
  return { developer: developer.toLowerCase(), app };
}

/** PermanentError('unsupported') where developer or app have names that no target can hold. */
export function formatTarget({ developer, app }: Target): string {
  const target = `developers/${developer.toLowerCase()}/apps/${app}`;
  try {
    parseTarget(target);
  } catch (cause) {
    throw new PermanentError('unsupported', 'The name of the developer or the app holds unusual characters', {
      field: 'target',
      cause,
    });
  }
  return target;
}
