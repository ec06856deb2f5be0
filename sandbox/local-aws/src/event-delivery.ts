import { parseArn } from './arn.ts';
import type { Background } from './background.ts';
import type { EventEnvelope } from './event-bridge.ts';
import type { Functions } from './lambda.ts';
import { queueAllows } from './queue-policy.ts';
import { parsedJson, type Queues } from './sqs-queues.ts';
import { targetInput, type TargetInput } from './target-input.ts';

export type Target = TargetInput & {
  readonly Id: string;
  readonly Arn: string;
  readonly RoleArn?: string | undefined;
  readonly DeadLetterConfig?: { readonly Arn?: string | undefined } | undefined;
  readonly RetryPolicy?:
    | { readonly MaximumRetryAttempts?: number | undefined; readonly MaximumEventAgeInSeconds?: number | undefined }
    | undefined;
};

export type RuleName = { readonly arn: string; readonly name: string };

/** An event that reached neither its target nor a dead-letter queue. On AWS only a metric would tell. */
export type LostEvent = { readonly event: EventEnvelope; readonly targetArn: string; readonly errorCode: string };

export type Delivery = {
  deliver(rule: RuleName, target: Target, event: EventEnvelope): void;
  readonly lost: readonly LostEvent[];
  /** The next so many deliveries to this target are throttled. */
  throttle(targetArn: string, times: number): void;
};

export type DeliveryOptions = {
  readonly functions: Functions;
  readonly queues: Queues;
  readonly background: Background;
  /** Puts the event on another bus. False: there is none. */
  readonly forward: (busArn: string, event: EventEnvelope) => boolean;
  readonly retryDelayMs: number;
};

type Failure = { readonly code: string; readonly message: string; readonly retryable: boolean };

const throttling: Failure = { code: 'THROTTLING', message: 'The target is throttled.', retryable: true };
const final = (code: string, message: string): Failure => ({ code, message, retryable: false });

export function eventDelivery(options: DeliveryOptions): Delivery {
  const { queues, background, retryDelayMs } = options;
  const lost: LostEvent[] = [];
  const throttled = new Map<string, number>();

  const isThrottled = (targetArn: string): boolean => {
    const left = throttled.get(targetArn) ?? 0;
    throttled.set(targetArn, Math.max(0, left - 1));
    return left > 0;
  };

  async function run(rule: RuleName, target: Target, event: EventEnvelope): Promise<void> {
    const { MaximumRetryAttempts: max = 185, MaximumEventAgeInSeconds: maxAge = 86_400 } = target.RetryPolicy ?? {};
    const deadline = performance.now() + maxAge * 1000;
    for (let retries = 0; ; retries += 1) {
      const failure = isThrottled(target.Arn) ? throttling : attempt(options, rule, target, event);
      if (failure === undefined) return;
      const exhausted = performance.now() >= deadline ? 'MaximumEventAgeInSeconds' : 'MaximumRetryAttempts';
      const over = !failure.retryable || retries >= max || performance.now() >= deadline;
      if (over)
        return giveUp(rule, target, event, { failure, retries, exhausted: failure.retryable ? exhausted : undefined });
      await background.sleep(retryDelayMs * 2 ** Math.min(retries, 6));
    }
  }

  type Outcome = { readonly failure: Failure; readonly retries: number; readonly exhausted: string | undefined };

  function giveUp(
    rule: RuleName,
    target: Target,
    event: EventEnvelope,
    { failure, retries, exhausted }: Outcome,
  ): void {
    const queue = queues.findByArn(target.DeadLetterConfig?.Arn ?? '');
    if (queue === undefined || !queueAllows(queue, { principal: 'events.amazonaws.com', sourceArn: rule.arn })) {
      lost.push({ event, targetArn: target.Arn, errorCode: failure.code });
      return;
    }
    const text = (StringValue: string) => ({ DataType: 'String', StringValue });
    queue.send({
      body: JSON.stringify(event),
      attributes: {
        RULE_ARN: text(rule.arn),
        TARGET_ARN: text(target.Arn),
        ERROR_CODE: text(failure.code),
        ERROR_MESSAGE: text(failure.message),
        RETRY_ATTEMPTS: { DataType: 'Number', StringValue: String(retries) },
        ...(exhausted === undefined ? {} : { EXHAUSTED_RETRY_CONDITION: text(exhausted) }),
      },
    });
  }

  return {
    lost,
    deliver: (rule, target, event) => background.run(() => run(rule, target, event)),
    throttle: (targetArn, times) => void throttled.set(targetArn, times),
  };
}

/** undefined: the target has it. */
function attempt(options: DeliveryOptions, rule: RuleName, target: Target, event: EventEnvelope): Failure | undefined {
  const { functions, queues, forward } = options;
  const sender = { principal: 'events.amazonaws.com', sourceArn: rule.arn };
  const service = parseArn(target.Arn)?.service;
  if (service === 'sqs') {
    const queue = queues.findByArn(target.Arn);
    if (queue === undefined) return final('NO_RESOURCE', 'The specified queue does not exist.');
    if (!queueAllows(queue, sender)) return final('NO_PERMISSIONS', 'The policy of the queue does not allow the rule.');
    queue.send({ body: targetInput(target, event, rule) });
    return undefined;
  }
  if (service === 'lambda') {
    const fn = functions.list().find(({ arn }) => arn === target.Arn);
    if (fn === undefined) return final('NO_RESOURCE', 'Function not found.');
    if (!functions.mayInvoke(fn.arn, sender)) return final('NO_PERMISSIONS', 'The rule may not invoke the function.');
    const payload = parsedJson(targetInput(target, event, rule));
    if (payload === undefined) return final('INVALID_JSON', 'The input is not JSON.');
    functions.invokeLater(fn, payload);
    return undefined;
  }
  return forward(target.Arn, event) ? undefined : final('NO_RESOURCE', 'The event bus does not exist.');
}
