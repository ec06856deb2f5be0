import type { Deps } from './rotation.ts';

type About = { readonly secretArn: string; readonly versionId: string };

/** A word to the announcer. A hint that is lost delays, it hides nothing: so it never fails a step. */
export async function sendHint(what: 'LabelMoved' | 'RotationWaiting', about: About, deps: Deps): Promise<void> {
  const { hints, clock, log } = deps;
  try {
    await hints.send({
      source: 'keyturn',
      'detail-type': what,
      time: new Date(clock.now()).toISOString(),
      resources: [about.secretArn],
      detail: about,
    });
  } catch (error) {
    log.error('The announcer could not be hinted', { what, ...about, error });
  }
}
