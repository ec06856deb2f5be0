/**
 * Calls a function and waits for its answer: RequestResponse, one attempt. Payload and answer are secret material. TransientError where the
 * function failed, was throttled or did not answer; PermanentError access-denied or misconfigured (no such function).
 */
export type Invoke = (functionName: string, payload: unknown) => Promise<unknown>;
