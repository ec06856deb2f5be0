import { ApigeeError } from './apigee-error.ts';

/** One page of what X lists, by pageSize and pageToken. */
export function tokenPage<T>(
  all: readonly T[],
  query: URLSearchParams,
  most: number,
): { page: readonly T[]; nextPageToken?: string } {
  const size = Math.min(Number(query.get('pageSize') ?? most) || most, most);
  if (size < 0) {
    throw new ApigeeError(400, 'pageSize is negative');
  }
  const from = offsetOf(query.get('pageToken'));
  const end = from + size;
  return { page: all.slice(from, end), ...(end < all.length && { nextPageToken: tokenAt(end) }) };
}

function offsetOf(token: string | null): number {
  if (token === null || token === '') {
    return 0;
  }
  const [, offset] = /^after-(\d+)$/u.exec(Buffer.from(token, 'base64url').toString()) ?? [];
  if (offset === undefined) {
    throw new ApigeeError(400, 'Invalid pageToken');
  }
  return Number(offset);
}

const tokenAt = (offset: number): string => Buffer.from(`after-${offset}`).toString('base64url');
