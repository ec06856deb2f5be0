/** What Node calls a failure, such as ECONNREFUSED; `unknown` where it is none of Node's names. */
export function codeOf(error: unknown): string {
  if (error instanceof Error && error.name === 'TimeoutError') return 'ETIMEDOUT';
  const code: unknown = error instanceof Error && 'code' in error ? error.code : undefined;
  return typeof code === 'string' && /^[A-Z][A-Z0-9_]{2,60}$/.test(code) ? code : 'unknown';
}

/** The certificate of the other side is for another host, over, or of nobody whom we trust. */
export function isUntrusted(code: string): boolean {
  return /CERT|SIGNATURE|SELF_SIGNED|ALTNAME/.test(code);
}
