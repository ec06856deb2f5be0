/** Things that are good for a while, for whoever has them. */
export type Tickets = {
  issue: () => string;
  /** Whether it is good. */
  knows: (ticket: string) => boolean;
  /** Whether it was good; it is not any more. */
  take: (ticket: string) => boolean;
  clear: () => void;
};

export function tickets(now: () => number, lifetimeMs: number, newText: () => string): Tickets {
  const until = new Map<string, number>();
  const knows = (ticket: string) => now() < (until.get(ticket) ?? 0);
  return {
    issue() {
      const ticket = newText();
      until.set(ticket, now() + lifetimeMs);
      return ticket;
    },
    knows,
    take(ticket) {
      const good = knows(ticket);
      until.delete(ticket);
      return good;
    },
    clear: () => {
      until.clear();
    },
  };
}
