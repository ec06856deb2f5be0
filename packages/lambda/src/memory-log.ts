import type { Log, LogFields } from './log.ts';

/** A log that keeps what it is told, unchanged. */
export function memoryLog(): Log & { readonly lines: Readonly<Record<string, unknown>>[] } {
  const lines: Record<string, unknown>[] = [];
  const at =
    (level: string) =>
    (message: string, fields: LogFields = {}) =>
      void lines.push({ level, message, ...fields });
  return { info: at('info'), warn: at('warn'), error: at('error'), lines };
}
