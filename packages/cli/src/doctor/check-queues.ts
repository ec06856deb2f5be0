import { expectedStage } from './expected-stage.ts';
import { ask, ok, problem, warning, type Finding } from './finding.ts';
import type { Check } from './ports.ts';

/** More than a burst of rotations leaves behind. */
const many = 100;

/** Dead-letter queues have to be empty, and queues nearly so. */
export const checkQueues: Check = async ({ config, doctor: { stage } }) => {
  const { queues, deadLetterQueues } = expectedStage(config);
  return ask('queues', 'sqs:GetQueueUrl and sqs:GetQueueAttributes', async () => {
    const findings: Finding[] = [];
    for (const name of [...queues, ...deadLetterQueues]) {
      const depth = await stage.queue(name);
      if (depth === undefined) findings.push(problem('queues', `not there: ${name}`, 'Deploy the stage again.'));
      else findings.push(...describe(name, depth.waiting + depth.underWay, deadLetterQueues.includes(name)));
    }
    const count = queues.length + deadLetterQueues.length;
    return findings.length > 0 ? findings : [ok('queues', `all ${count} are there, and nothing was set aside`)];
  });
};

function describe(name: string, messages: number, deadLetters: boolean): readonly Finding[] {
  if (deadLetters && messages > 0) {
    const text = `${name} holds ${messages} message${messages === 1 ? '' : 's'} that nobody could handle`;
    return [
      problem(
        'queues',
        text,
        'Each message has reason and field in its attributes. Mend that, then redrive the queue (SQS console, Start DLQ redrive).',
      ),
    ];
  }
  if (messages <= many) return [];
  return [
    warning(
      'queues',
      `${name} holds ${messages} messages`,
      "Look at its function's log, and at the age of its oldest message in CloudWatch.",
    ),
  ];
}
