/** An operation by the form of its path; a parameter is a segment in braces. */
export type PathForm = { method: string; segments: readonly string[] };
export type Match<T> = { operation: T; params: ReadonlyMap<string, string> };

const isParameter = (segment: string): boolean => segment.startsWith('{');
const parameterCount = ({ operation }: Match<PathForm>): number => operation.segments.filter(isParameter).length;

/** The operations that this path names, whatever their method, the most literal one first: `keys/create` is no key. */
export function matchPath<T extends PathForm>(operations: readonly T[], path: string): Match<T>[] {
  const sent = path.split('/').slice(1).map(decoded);
  return operations
    .flatMap((operation) => {
      const params = paramsOf(operation.segments, sent);
      return params ? [{ operation, params }] : [];
    })
    .sort((a, b) => parameterCount(a) - parameterCount(b));
}

function paramsOf(segments: readonly string[], sent: readonly (string | undefined)[]): Map<string, string> | undefined {
  if (segments.length !== sent.length) {
    return undefined;
  }
  const params = new Map<string, string>();
  for (const [index, segment] of segments.entries()) {
    const value = sent[index];
    if (value === undefined || value === '' || (!isParameter(segment) && segment !== value)) {
      return undefined;
    }
    if (isParameter(segment)) {
      params.set(segment.slice(1, -1), value);
    }
  }
  return params;
}

function decoded(segment: string): string | undefined {
  try {
    return decodeURIComponent(segment);
  } catch {
    return undefined;
  }
}
