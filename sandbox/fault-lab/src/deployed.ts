import { emfMetrics, type Metrics } from '@keyturn/lambda/metrics';
import { onInvoke, type InvokeOptions } from '@keyturn/lambda/on-invoke';

import { account, region, timeouts, type Ground } from './ground.ts';

type Deployed = Pick<InvokeOptions, 'service' | 'handle' | 'about'> & { readonly of: keyof typeof timeouts };

// Lambda tells a function how long it has, and not until when: the deadline is by its own clock.
const clockName = (of: keyof typeof timeouts): string => (of === 'sweep' ? 'cleanup' : of);

/** A function as Lambda calls it, with all that is between it and what it answers. */
export function deployed(
  { log, newId, clockOf, watch }: Ground,
  { of, ...options }: Deployed,
): (payload: unknown) => Promise<unknown> {
  const handler = onInvoke({ ...options, log, clock: clockOf(clockName(of)) });
  return async (payload) => {
    const answer = await handler(payload, {
      invokedFunctionArn: `arn:aws:lambda:${region}:${account}:function:keyturn-lab-${of}`,
      awsRequestId: newId(),
      getRemainingTimeInMillis: () => timeouts[of],
    });
    // What an adapter answers holds keys, and goes to its caller alone.
    if (of !== 'issue' && of !== 'retire') watch?.hear('answers', JSON.stringify(answer ?? null));
    return answer;
  };
}

/** A function that is invoked with a deadline; wrapped as on AWS only where somebody looks for leaks, since what nobody foresaw tells no more then. */
export function invoked(
  ground: Ground,
  of: 'rotation-handler' | 'sweep' | 'watchdog',
  handle: (payload: unknown, deadline: number) => Promise<unknown>,
  about: InvokeOptions['about'] = () => ({}),
): (payload?: unknown) => Promise<unknown> {
  if (ground.watch === undefined) {
    const clock = ground.clockOf(clockName(of));
    return (payload) => handle(payload, clock.now() + timeouts[of]);
  }
  return deployed(ground, { service: of, of, handle: (payload, { deadline }) => handle(payload, deadline), about });
}

/** Metrics as they are printed on AWS, for who looks for leaks. */
export function labMetrics({ watch, now }: Ground): Metrics {
  if (watch === undefined) return { put: () => {} };
  const write = (line: string) => watch.hear('metrics', line);
  return emfMetrics({ stage: 'lab', service: 'watchdog', clock: { now }, write });
}
