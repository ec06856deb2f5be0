import type { FunctionFacts, QueueDepth, StageReader } from './stage-reader.ts';

export type MemoryStage = {
  readonly functions: Map<string, FunctionFacts>;
  readonly buses: Map<string, string>;
  readonly tables: Map<string, string>;
  readonly queues: Map<string, QueueDepth>;
  readonly parameters: Map<string, string>;
};

/** What is deployed, to be changed by hand. A method in `failures` throws that. */
export function memoryStageReader(): StageReader & {
  readonly stage: MemoryStage;
  readonly failures: Map<keyof StageReader, Error>;
} {
  const stage: MemoryStage = {
    functions: new Map(),
    buses: new Map(),
    tables: new Map(),
    queues: new Map(),
    parameters: new Map(),
  };
  const failures = new Map<keyof StageReader, Error>();
  const looked = <T>(method: keyof StageReader, found: T): T => {
    const failure = failures.get(method);
    if (failure !== undefined) throw failure;
    return found;
  };
  return {
    stage,
    failures,
    functionFacts: async (name) => looked('functionFacts', stage.functions.get(name)),
    bus: async (name) => looked('bus', stage.buses.get(name)),
    table: async (name) => looked('table', stage.tables.get(name)),
    queue: async (name) => looked('queue', stage.queues.get(name)),
    parameter: async (name) => looked('parameter', stage.parameters.get(name)),
  };
}
