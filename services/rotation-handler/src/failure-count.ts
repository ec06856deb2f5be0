const remembered = 1000;

/** Counts failures by token, in this execution environment alone: a fresh one starts again. */
export function failureCount(): (token: string) => number {
  const counts = new Map<string, number>();
  return (token) => {
    const count = (counts.get(token) ?? 0) + 1;
    counts.delete(token);
    counts.set(token, count);
    const [oldest] = counts.keys();
    if (counts.size > remembered && oldest !== undefined) counts.delete(oldest);
    return count;
  };
}
