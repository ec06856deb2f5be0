import { randomUUID } from 'node:crypto';

import * as z from 'zod';

import type { SimulatedHost } from './simulated-host.ts';

/** An answer that AWS gives as an error. */
export class SsmError extends Error {
  override readonly name = 'SsmError';
  readonly code: string;
  readonly status: number;

  constructor(code: string, status = 400) {
    super(code);
    this.code = code;
    this.status = status;
  }
}

const parameter = z.object({
  type: z.literal('String'),
  description: z.string(),
  allowedValues: z.array(z.string()).optional(),
  allowedPattern: z.string().optional(),
  default: z.string().optional(),
});
const document = z.object({
  schemaVersion: z.literal('2.2'),
  description: z.string(),
  parameters: z.record(z.string(), parameter),
  mainSteps: z.tuple([
    z.object({
      action: z.literal('aws:runShellScript'),
      name: z.string(),
      precondition: z.unknown(),
      inputs: z.object({ timeoutSeconds: z.string(), runCommand: z.array(z.string()) }),
    }),
  ]),
});
type Document = z.output<typeof document>;

const targets = z.tuple([z.object({ Key: z.string().startsWith('tag:'), Values: z.array(z.string()).nonempty() })]);
const inputs = {
  describe: z.object({ Filters: targets, MaxResults: z.int().min(5).max(50).optional() }),
  send: z.object({
    DocumentName: z.string(),
    Targets: targets,
    Parameters: z.record(z.string(), z.array(z.string()).length(1)),
    TimeoutSeconds: z.int().min(30),
    MaxConcurrency: z.string(),
    MaxErrors: z.string(),
    Comment: z.string().max(100),
  }),
  list: z.object({ CommandId: z.string(), Details: z.literal(true), MaxResults: z.int().min(1).max(50) }),
  get: z.object({ CommandId: z.string(), InstanceId: z.string() }),
};

type Invocation = { readonly hostId: string; status: string; output: string };

export type SimulatedSsm = {
  createDocument(name: string, content: unknown): void;
  /** By its name in the API, such as SendCommand. */
  call(operation: string, input: unknown): unknown;
  /** Everything that was sent to hosts, as text: nothing secret may be in it. */
  readonly sent: readonly string[];
  /** No command runs any more. */
  settled(): Promise<void>;
};

/** The operations of Systems Manager that Keyturn uses, over hosts that run what they are sent. */
export function simulatedSsm(hosts: readonly SimulatedHost[]): SimulatedSsm {
  const documents = new Map<string, Document>();
  const commands = new Map<string, readonly Invocation[]>();
  const sent: string[] = [];
  const running = new Set<Promise<void>>();
  const bearing = ([{ Key, Values }]: z.output<typeof targets>) =>
    hosts.filter(({ tags }) => Values.includes(tags[Key.slice('tag:'.length)] ?? ''));
  const invocationsOf = (id: string) => {
    const found = commands.get(id);
    if (found === undefined) throw new SsmError('InvalidCommandId');
    return found;
  };

  const operations: Readonly<Record<string, (input: unknown) => unknown>> = {
    DescribeInstanceInformation: (input) => ({
      InstanceInformationList: bearing(parse(inputs.describe, input).Filters).map(({ id, online }) => ({
        InstanceId: id,
        PingStatus: online ? 'Online' : 'ConnectionLost',
        IPAddress: '127.0.0.1',
        PlatformType: 'Linux',
      })),
    }),
    SendCommand(input) {
      const { DocumentName, Targets, Parameters } = parse(inputs.send, input);
      const script = rendered(documents.get(DocumentName), Parameters);
      sent.push(JSON.stringify(input));
      const CommandId = randomUUID();
      const invocations = bearing(Targets)
        .filter(({ online }) => online)
        .map((host): Invocation => {
          const invocation: Invocation = { hostId: host.id, status: 'InProgress', output: '' };
          const run = carryOut(host, script, invocation).finally(() => running.delete(run));
          running.add(run);
          return invocation;
        });
      commands.set(CommandId, invocations);
      return { Command: { CommandId, Status: 'Pending' } };
    },
    ListCommandInvocations: (input) => ({
      CommandInvocations: invocationsOf(parse(inputs.list, input).CommandId).map(({ hostId, status, output }) => ({
        InstanceId: hostId,
        Status: status,
        // AWS shows so much and no more.
        CommandPlugins: [{ Name: 'authorizedKeys', Status: status, Output: output.slice(0, 2500) }],
      })),
    }),
    GetCommandInvocation(input) {
      const { CommandId, InstanceId } = parse(inputs.get, input);
      const found = invocationsOf(CommandId).find(({ hostId }) => hostId === InstanceId);
      if (found === undefined) throw new SsmError('InvocationDoesNotExist');
      return { Status: found.status, StandardOutputContent: found.output.slice(0, 24_000) };
    },
  };

  return {
    createDocument: (name, content) => void documents.set(name, document.parse(content)),
    call(operation, input) {
      const run = operations[operation];
      if (run === undefined) throw new SsmError('UnknownOperationException');
      return run(input);
    },
    sent,
    async settled() {
      while (running.size > 0) await Promise.all(running);
    },
  };
}

async function carryOut(host: SimulatedHost, script: string, invocation: Invocation): Promise<void> {
  const { output, status } = await host.run(script);
  Object.assign(invocation, { output, status: status === 0 ? 'Success' : 'Failed' });
}

function parse<Output>(schema: z.ZodType<Output>, input: unknown): Output {
  const parsed = schema.safeParse(input);
  if (parsed.success) return parsed.data;
  throw new SsmError('ValidationException');
}

/** As AWS does it: every parameter is checked, and put into the text. */
function rendered(known: Document | undefined, given: Readonly<Record<string, readonly string[]>>): string {
  if (known === undefined) throw new SsmError('InvalidDocument');
  if (Object.keys(given).some((name) => !(name in known.parameters))) throw new SsmError('InvalidParameters');
  const values = new Map(
    Object.entries(known.parameters).map(([name, declared]) => {
      const value = given[name]?.[0] ?? declared.default;
      if (value === undefined) throw new SsmError('InvalidParameters');
      const { allowedValues = [value], allowedPattern = '' } = declared;
      if (!allowedValues.includes(value) || !new RegExp(allowedPattern).test(value))
        throw new SsmError('InvalidParameters');
      return [name, value];
    }),
  );
  const [{ inputs: step }] = known.mainSteps;
  return step.runCommand.join('\n').replaceAll(/\{\{ (\w+) \}\}/g, (_, name: string) => values.get(name) ?? '');
}
