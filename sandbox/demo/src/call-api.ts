import type { HttpApplication } from './simulated-provider.ts';
import type { UseOnce } from './use-key.ts';

/** An application that sends the value in a header, to one URL after the other. */
export function callApi({ urls, header, prefix = '', errorCode }: HttpApplication): UseOnce {
  return async (value, number) => {
    const response = await fetch(urls[number % urls.length] ?? '', {
      headers: { [header]: `${prefix}${value}` },
      signal: AbortSignal.timeout(10_000),
    });
    const text = await response.text();
    if (response.ok) return undefined;
    return errorCode === undefined ? `${response.status}` : `${response.status} ${codeIn(text, errorCode)}`;
  };
}

function codeIn(text: string, path: readonly string[]): string {
  try {
    let value: unknown = JSON.parse(text);
    for (const step of path) value = typeof value === 'object' && value !== null ? Reflect.get(value, step) : undefined;
    if (typeof value === 'string') return value;
  } catch {
    // No JSON, no code.
  }
  return 'without an error code';
}
