/**
 * Whether an EventBridge pattern matches an event: as much of the language as our rules use, so that a new operator fails loudly here. A field
 * of the event that is a list matches if one of its items does.
 */
export function matches(pattern: unknown, event: unknown): boolean {
  return Object.entries(pattern as object).every(([field, expected]: [string, unknown]) => {
    const value = (event as Record<string, unknown> | undefined)?.[field];
    if (!Array.isArray(expected)) return matches(expected, value);
    return expected.some((candidate) => matchesValue(candidate, value));
  });
}

function matchesValue(expected: unknown, value: unknown): boolean {
  if (typeof expected !== 'object' || expected === null) return [value].flat().includes(expected);
  const [[operator, operand] = []] = Object.entries(expected);
  if (operator === 'exists') return (value !== undefined) === operand;
  if (operator === 'prefix') return [value].flat().some((item) => String(item).startsWith(String(operand)));
  throw new Error(`No rule of ours used the operator ${operator} so far`);
}
