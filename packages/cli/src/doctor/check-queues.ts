import { formatDuration } from '@keyturn/config/duration';

import type { Deps } from '../command.ts';
import { expectedStage } from './expected-stage.ts';
import { ask, ok, problem, warning, type Finding } from './finding.ts';
import type { Check } from './ports.ts';

/** More than a burst of rotations leaves behind, and longer than a provider that is busy takes. */
const many = 100;
const longMs = 3_600_000;

/** What to do with dead letters. */
const redrive =
  'Each message has reason and field in its attributes. Mend that, then redrive the queue (SQS console, Start DLQ redrive).';
// EventBridge put them there, and takes events from its bus alone.
const putAgain =
  'Give EventBridge its use of the key back, then put the events on the bus again: docs/runbooks/bus-dlq.md.';

/** Dead-letter queues have to be empty, and in the others nothing may grow old. */
export const checkQueues: Check = async (deps) => {
  const { queues, deadLetterQueues, busDeadLetterQueue } = expectedStage(deps.config);
  return ask('queues', 'sqs:GetQueueUrl and sqs:GetQueueAttributes', async () => {
    const findings: Finding[] = [];
    for (const name of queues) findings.push(...(await checkQueue(name, deps, undefined)));
    for (const name of deadLetterQueues) findings.push(...(await checkQueue(name, deps, redrive)));
    const hasBusQueue = (await deps.doctor.stage.queue(busDeadLetterQueue)) !== undefined;
    if (hasBusQueue) findings.push(...(await checkQueue(busDeadLetterQueue, deps, putAgain)));
    const count = queues.length + deadLetterQueues.length + (hasBusQueue ? 1 : 0);
    return findings.length > 0 ? findings : [ok('queues', `all ${count} are there, and nothing was set aside`)];
  });
};

/** `deadLetters`: what to do with them; undefined: it is no queue of dead letters. */
async function checkQueue(
  name: string,
  { doctor }: Deps,
  deadLetters: string | undefined,
): Promise<readonly Finding[]> {
  const depth = await doctor.stage.queue(name);
  if (depth === undefined) return [problem('queues', `not there: ${name}`, 'Deploy the stage again.')];
  const messages = depth.waiting + depth.underWay;
  if (messages === 0) return [];
  let ageMs: number | undefined;
  const unasked = await ask('queues', 'cloudwatch:GetMetricStatistics', async () => {
    ageMs = await doctor.queueAge(name);
    return [];
  });
  const old = ageMs === undefined ? '' : `, the oldest for ${formatDuration(Math.round(ageMs / 60_000) * 60_000)}`;
  const text = `${name} holds ${messages} message${messages === 1 ? '' : 's'}${old}`;
  return [
    ...describe(text, { messages, ageMs, deadLetters }),
    ...unasked.map(({ text, todo }) => warning('queues', `the age of its messages ${text}`, todo ?? 'Try again.')),
  ];
}

type Seen = { readonly messages: number; readonly ageMs: number | undefined; readonly deadLetters: string | undefined };

function describe(text: string, { messages, ageMs = 0, deadLetters }: Seen): readonly Finding[] {
  if (deadLetters !== undefined) return [problem('queues', `${text}: nobody could handle that`, deadLetters)];
  if (messages <= many && ageMs <= longMs) return [];
  return [warning('queues', text, "Look at its function's log: it fails and is tried again, or cannot keep up.")];
}
