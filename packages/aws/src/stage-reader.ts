export type FunctionFacts = { readonly arn: string; readonly runtime: string; readonly state: string };
/** `waiting`: to be received. `underWay`: received, and neither deleted nor back yet. */
export type QueueDepth = { readonly waiting: number; readonly underWay: number };

/**
 * What is deployed, by name; undefined where there is nothing of that name. Reading only. Every method throws TransientError (throttled, no answer)
 * or PermanentError('access-denied').
 */
export type StageReader = {
  functionFacts(name: string): Promise<FunctionFacts | undefined>;
  /** The ARN. */
  bus(name: string): Promise<string | undefined>;
  /** The state, such as ACTIVE. */
  table(name: string): Promise<string | undefined>;
  queue(name: string): Promise<QueueDepth | undefined>;
  /** The value. */
  parameter(name: string): Promise<string | undefined>;
};
