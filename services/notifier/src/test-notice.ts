import type { Notice } from './notice.ts';
import type { TestRequest } from './queued-event.ts';

/** It reads as a test, and says who asked for it: whoever gets it did not. */
export function testNotice({ owner, environment, requestedBy, runbookUrl }: TestRequest['data']): Notice {
  return {
    tone: 'plain',
    headline: `TEST, nothing has happened: messages about the keys of ${owner} (${environment}) arrive here`,
    lines: [
      `${requestedBy} asked for this message with "keyturn notify test", to see that it arrives. No key was changed, and nobody has to do anything.`,
      `Keyturn tells here what happens to the keys of ${owner}: each rotation, and what goes wrong. If this is the wrong place for that, tell ${requestedBy}.`,
    ],
    facts: [
      { label: 'Owner', value: owner },
      { label: 'Environment', value: environment },
      { label: 'Asked for by', value: requestedBy },
    ],
    link: { label: 'About key rotation', url: runbookUrl },
  };
}
