import { type Answer, htmlAnswer, type Reply } from '@keyturn/apigee-simulator/loopback-server';

import type { RequestKind, TokenFaults, Trouble } from './simulator.ts';

export type Met = TokenFaults & {
  /** What becomes of a request that `serve` would answer. `words`: the dialect's own of a status. */
  readonly meet: (kind: RequestKind, serve: () => Answer, words: (status: number) => Answer) => Reply;
};

export function tokenFaults(): Met {
  let trouble: Trouble | undefined;
  let untilLost = 0;
  let untilDown = 0;
  let down = false;
  return {
    meet(kind, serve, words) {
      if (trouble !== undefined) return troubled(trouble, words);
      if (kind !== 'write') return serve();
      untilDown -= 1;
      if (untilDown === 0) down = true;
      if (down) return words(503);
      untilLost -= 1;
      const lost = untilLost === 0;
      const answer = serve();
      return lost ? 'reset' : answer;
    },
    loseAnswer(nth) {
      untilLost = nth;
    },
    failBefore(nth) {
      untilDown = nth;
    },
    always(kind) {
      trouble = kind;
    },
    calm() {
      trouble = undefined;
      untilLost = 0;
      untilDown = 0;
      down = false;
    },
  };
}

function troubled(trouble: Trouble, words: (status: number) => Answer): Answer {
  if (trouble === 'nonsense') return htmlAnswer(200, '<!doctype html><title>Please wait</title><p>Checking you…');
  if (trouble === 'denied') return words(403);
  if (trouble === 'unavailable') return words(503);
  if (trouble === 'error-in-200') return { ...words(400), status: 200 };
  const said = words(429);
  return { ...said, headers: { ...said.headers, 'retry-after': '1' } };
}
