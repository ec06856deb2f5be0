import type { CredentialProvider } from './credential-provider.ts';
import { invokedIssueProvider, invokedRetireProvider, type Invoke } from './invoked-provider.ts';
import { serveIssue, serveRetire } from './serve-provider.ts';

/** The provider as it looks through its two functions: every request and answer crosses as JSON text. For tests. */
export function wiredProvider(provider: CredentialProvider): CredentialProvider {
  const functions = new Map([
    ['issue', serveIssue(provider)],
    ['retire', serveRetire(provider)],
  ]);
  const invoke: Invoke = async (functionName, payload) => {
    const serve = functions.get(functionName);
    return overJson(await serve?.(overJson(payload)));
  };
  return { ...invokedIssueProvider(invoke, 'issue'), ...invokedRetireProvider(invoke, 'retire') };
}

/** A value as it is on the other side of a wire. */
export function overJson(value: unknown): unknown {
  return JSON.parse(JSON.stringify(value));
}
