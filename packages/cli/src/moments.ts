/** Milliseconds since 1970 as people in several countries read them. */
export function moment(ms: number | undefined | null): string {
  return ms === undefined || ms === null
    ? 'unknown'
    : `${new Date(ms).toISOString().slice(0, 16).replace('T', ' ')} UTC`;
}

export function isoOrNull(ms: number | undefined | null): string | null {
  return ms === undefined || ms === null ? null : new Date(ms).toISOString();
}
