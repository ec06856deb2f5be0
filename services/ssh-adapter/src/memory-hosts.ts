import type { Clock } from '@keyturn/rotation/clock';
import { PermanentError } from '@keyturn/rotation/errors';
import * as z from 'zod';

import { operations, type Duty } from './host-document.ts';
import { changeFile, listFile, printAnswer } from './model-host.ts';
import type { HostAnswer, Ssm, Tag } from './ssm.ts';

export type MemoryHost = {
  readonly id: string;
  readonly tag: { readonly key: string; readonly value: string };
  readonly address: string;
  online: boolean;
  /** Of authorized_keys; undefined: there is none. */
  file: string | undefined;
  /** How long it takes to carry out a command, in milliseconds. */
  readonly slowMs: number;
  /** What it tells of its sshd. */
  readonly told: string;
};

export type MemoryHosts = {
  readonly ssm: Ssm;
  readonly hosts: MemoryHost[];
};

type Options = {
  readonly clock: Clock;
  readonly hosts: readonly MemoryHost[];
  /** Document name → what it may do, and the block of each group. */
  readonly documents: Readonly<Record<string, { readonly duty: Duty; readonly block: (group: string) => string }>>;
  /** Every call goes through it; `name` says what is called, never with ids. */
  readonly reach?: <T>(name: string, run: () => T | Promise<T>) => Promise<T>;
};

type Sent = {
  readonly at: number;
  readonly answers: ReadonlyMap<string, string>;
  readonly slow: ReadonlyMap<string, number>;
};

/** Of a document. */
export const parameters = z.object({
  operation: z.enum(['list', 'add', 'join', 'mark', 'disable', 'enable', 'remove']),
  group: z.string(),
  key: z.string(),
  mark: z.string(),
  options: z.string(),
  before: z.coerce.number(),
});

/** SSM and its hosts in memory, with model-host.ts in place of the script. */
export function memoryHosts({ clock, hosts: given, documents, reach = async (_, run) => run() }: Options): MemoryHosts {
  const hosts = [...given];
  const commands = new Map<string, Sent>();
  const bearing = ({ key, values }: Tag) => hosts.filter(({ tag }) => tag.key === key && values.includes(tag.value));

  return {
    hosts,
    ssm: {
      hosts: (tag) =>
        reach('ssm describe hosts', () => bearing(tag).map(({ id, online, address }) => ({ id, online, address }))),
      send({ document, tag, parameters: given }) {
        const asked = parameters.parse(given);
        const known = documents[document];
        const allowed: readonly string[] = known === undefined ? [] : operations[known.duty];
        if (known === undefined || !allowed.includes(asked.operation)) {
          throw new PermanentError('misconfigured', 'SendCommand: InvalidParameters');
        }
        const block = known.block(asked.group);
        return reach(`ssm ${asked.operation}`, () => {
          const id = `command-${commands.size + 1}`;
          const online = bearing(tag).filter((host) => host.online);
          const run = (host: MemoryHost) => {
            const { output, file } = carryOut(host, { ...asked, block }, clock.now());
            if (file !== (host.file ?? '')) host.file = file;
            return [host.id, output] as const;
          };
          const answers = new Map(online.map(run));
          commands.set(id, { at: clock.now(), answers, slow: new Map(online.map((host) => [host.id, host.slowMs])) });
          return id;
        });
      },
      answers: (commandId) =>
        reach('ssm list answers', () => {
          const { at, answers, slow } = commandOf(commands, commandId);
          return [...answers].map(([hostId, output]): HostAnswer => {
            const isDone = clock.now() >= at + (slow.get(hostId) ?? 0);
            return isDone
              ? { hostId, outcome: 'answered', output: output.slice(0, 2500) }
              : { hostId, outcome: 'waiting', output: '' };
          });
        }),
      output: (commandId, hostId) =>
        reach('ssm read answer', () => commandOf(commands, commandId).answers.get(hostId) ?? ''),
    },
  };
}

function commandOf(commands: ReadonlyMap<string, Sent>, id: string): Sent {
  const command = commands.get(id);
  if (command === undefined) throw new PermanentError('misconfigured', 'InvalidCommandId');
  return command;
}

type Asked = z.output<typeof parameters> & { readonly block: string };

/** What a host answers to the parameters of a document, and its file afterwards. */
export function carryOut(
  { file = '', told }: Pick<MemoryHost, 'file' | 'told'>,
  asked: Asked,
  now: number,
): { readonly output: string; readonly file: string } {
  let after = file;
  if (asked.operation !== 'list') {
    if (now > asked.before * 1000 + 999) return { output: printAnswer({ code: 'too-late' }), file };
    const options = Buffer.from(asked.options, 'base64').toString('latin1');
    const changed = changeFile(file, { ...asked, options });
    if ('code' in changed) return { output: printAnswer(changed), file };
    after = changed.text;
  }
  const listed = listFile(after, asked.block);
  const answer = 'code' in listed ? listed : { ...listed, host: asked.operation === 'list' ? told : '' };
  return { output: printAnswer(answer), file: after };
}
