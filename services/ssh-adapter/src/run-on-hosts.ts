import type { Clock } from '@keyturn/rotation/clock';
import { PermanentError, TransientError } from '@keyturn/rotation/errors';

import { parseHostAnswer, type HostFile, type Refusal } from './host-answer.ts';
import type { Duty, Operation } from './host-document.ts';
import type { HostAnswer, ManagedHost, Ssm } from './ssm.ts';
import type { Group } from './target.ts';

export type Host = HostFile & { readonly id: string; readonly address: string | undefined };

/** What the hosts of a group said. */
export type Answers = {
  readonly hosts: readonly Host[];
  readonly refused: readonly { readonly id: string; readonly code: Refusal }[];
  /** Hosts that are off, or did not answer in time. What they do may be done yet. */
  readonly silent: readonly string[];
};

export type Deps = {
  readonly ssm: Ssm;
  readonly clock: Clock;
  readonly documents: Readonly<Record<Duty, string>>;
  readonly duty: Duty;
};

export type Request = {
  readonly operation: Operation;
  readonly key?: string;
  readonly mark?: string;
  readonly options?: string;
};

/** Of one command; two of them, and the logins, fit into the 90 s of a function. */
const longestWaitMs = 30_000;
const firstPauseMs = 200;
const longestPauseMs = 2_000;
/** What comes later than this is not done by the host: a command that was overtaken must not bring a key back. */
const validMs = 45_000;

/** Has every host of the group do it, and waits for those that are online. */
export async function runOnHosts(group: Group, request: Request, deps: Deps): Promise<Answers> {
  const { ssm, clock, documents, duty } = deps;
  const managed = await ssm.hosts(group.tag);
  if (managed.length === 0) {
    throw new PermanentError('target-missing', 'No host that SSM manages bears the tag of the group', {
      field: `groups.${group.id}.tag`,
    });
  }
  if (!managed.some(({ online }) => online)) throw new TransientError(`No host of group ${group.id} is online`);
  const commandId = await ssm.send({
    document: documents[duty],
    tag: group.tag,
    parameters: parametersOf(group, request, clock),
  });
  const answers = await waitForAnswers(commandId, managed, deps);
  return readAnswers({ group, managed, answers, commandId }, deps);
}

function parametersOf({ id }: Group, { operation, key = '', mark = '', options = '' }: Request, clock: Clock) {
  return {
    operation,
    group: id,
    key,
    mark,
    options: Buffer.from(options, 'latin1').toString('base64'),
    before: String(Math.floor((clock.now() + validMs) / 1000)),
  };
}

async function waitForAnswers(
  commandId: string,
  managed: readonly ManagedHost[],
  { ssm, clock }: Deps,
): Promise<readonly HostAnswer[]> {
  const deadline = clock.now() + longestWaitMs;
  for (let pauseMs = firstPauseMs; ; pauseMs = Math.min(pauseMs * 2, longestPauseMs)) {
    const answers = await ssm.answers(commandId);
    const ended = new Set(answers.flatMap(({ hostId, outcome }) => (outcome === 'waiting' ? [] : [hostId])));
    const isDone = managed.every(({ id, online }) => !online || ended.has(id));
    if (isDone || clock.now() + pauseMs > deadline) return answers;
    await clock.sleep(pauseMs);
  }
}

type Read = {
  readonly group: Group;
  readonly managed: readonly ManagedHost[];
  readonly answers: readonly HostAnswer[];
  readonly commandId: string;
};

async function readAnswers({ group, managed, answers, commandId }: Read, { ssm }: Deps): Promise<Answers> {
  const hosts: Host[] = [];
  const refused: { id: string; code: Refusal }[] = [];
  const addresses = new Map(managed.map(({ id, address }) => [id, address]));
  const heard = new Set<string>();
  for (const { hostId: id, outcome, output } of answers) {
    if (outcome !== 'answered') continue;
    heard.add(id);
    // The list shows 2,500 characters of each.
    const said = parseHostAnswer(output) ?? parseHostAnswer(await ssm.output(commandId, id));
    if (said === undefined) {
      throw new PermanentError('provider-answer', `Host ${id} does not answer as our script does`, {
        field: `groups.${group.id}`,
      });
    }
    if (typeof said === 'string') refused.push({ id, code: said });
    else hosts.push({ ...said, id, address: addresses.get(id) });
  }
  const silent = managed.flatMap(({ id }) => (heard.has(id) ? [] : [id]));
  return { hosts, refused, silent };
}
