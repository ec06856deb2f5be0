import * as z from 'zod';

import type { Background } from './background.ts';
import { operation, type Operations } from './operation.ts';
import { ServiceError } from './service-error.ts';
import type { Queue } from './sqs-queue.ts';
import type { Queues } from './sqs-queues.ts';

type Task = {
  readonly handle: string;
  readonly source: Queue;
  readonly destinationArn: string | undefined;
  readonly startedAt: number;
  readonly toMove: number;
  moved: number;
  status: 'RUNNING' | 'COMPLETED' | 'FAILED';
  failure: string | undefined;
};

/** Moves messages out of a dead-letter queue: to where each came from, or to one queue. */
export function moveTasks(queues: Queues, background: Background): Operations {
  const tasks: Task[] = [];

  function moveAll(task: Task): void {
    for (let left = task.toMove; left > 0; left -= 1) {
      const message = task.source.giveUp();
      if (message === undefined) break;
      const destination = queues.findByArn(task.destinationArn ?? message.deadLetterSource ?? '');
      if (destination === undefined) {
        task.source.take(message);
        task.status = 'FAILED';
        task.failure =
          message.deadLetterSource === undefined
            ? 'CouldNotDetermineMessageSource'
            : 'AWS.SimpleQueueService.NonExistentQueue';
        return;
      }
      destination.take({ ...message, deadLetterSource: undefined });
      task.moved += 1;
    }
    task.status = 'COMPLETED';
  }

  return {
    StartMessageMoveTask: operation(
      z.object({
        SourceArn: z.string(),
        DestinationArn: z.string().optional(),
        MaxNumberOfMessagesPerSecond: z.int().min(1).max(500).optional(),
      }),
      (input) => {
        const source = find(queues, input.SourceArn);
        if (input.DestinationArn !== undefined) find(queues, input.DestinationArn);
        if (!queues.list().some(({ settings }) => settings.redrive?.deadLetterTargetArn === source.arn)) {
          throw unsupported('Source queue must be configured as a Dead Letter Queue.');
        }
        if (tasks.some((other) => other.source === source && other.status === 'RUNNING')) {
          throw unsupported(
            'There is already a task running. Only one active task is allowed for a source queue arn at a given time.',
          );
        }
        const task: Task = {
          handle: Buffer.from(JSON.stringify({ taskId: crypto.randomUUID(), sourceArn: source.arn })).toString(
            'base64',
          ),
          source,
          destinationArn: input.DestinationArn,
          startedAt: performance.timeOrigin + performance.now(),
          toMove: source.counts().visible,
          moved: 0,
          status: 'RUNNING',
          failure: undefined,
        };
        tasks.unshift(task);
        background.run(async () => moveAll(task));
        return { TaskHandle: task.handle };
      },
    ),

    ListMessageMoveTasks: operation(
      z.object({ SourceArn: z.string(), MaxResults: z.int().min(1).max(10).default(1) }),
      (input) => {
        const source = find(queues, input.SourceArn);
        const listed = tasks.filter((task) => task.source === source).slice(0, input.MaxResults);
        return { Results: listed.map(told) };
      },
    ),
  };
}

function find(queues: Queues, arn: string): Queue {
  const queue = queues.findByArn(arn);
  if (queue !== undefined) return queue;
  throw new ServiceError(
    'ResourceNotFoundException',
    "The resource that you specified for the SourceArn parameter doesn't exist.",
  );
}

const unsupported = (message: string) =>
  new ServiceError('UnsupportedOperation', message, { queryName: 'AWS.SimpleQueueService.UnsupportedOperation' });

const told = (task: Task) => ({
  ...(task.status === 'RUNNING' ? { TaskHandle: task.handle } : {}),
  Status: task.status,
  SourceArn: task.source.arn,
  DestinationArn: task.destinationArn,
  ApproximateNumberOfMessagesMoved: task.moved,
  ApproximateNumberOfMessagesToMove: task.toMove,
  FailureReason: task.failure,
  StartedTimestamp: Math.round(task.startedAt),
});
