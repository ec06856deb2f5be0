const everyMs = 50;

/** Waits until `look` answers something; after `limitMs` it gives up and says what it waited for. */
export async function waitUntil<T>(
  what: string,
  limitMs: number,
  look: () => Promise<T | undefined> | T | undefined,
): Promise<T> {
  const deadline = performance.now() + limitMs;
  for (;;) {
    const seen = await look();
    if (seen !== undefined) return seen;
    if (performance.now() > deadline) throw new GaveUp(what, limitMs);
    await new Promise((resolve) => setTimeout(resolve, everyMs));
  }
}

/** The demo did not go on as it should. */
export class GaveUp extends Error {
  override readonly name = 'GaveUp';

  constructor(what: string, limitMs: number) {
    super(`Waited ${Math.round(limitMs / 1000)} s in vain for: ${what}`);
  }
}
