import type { Config } from '@keyturn/config/config';

import { expectedStage } from './expected-stage.ts';
import { ask, ok, problem, warning, type Finding } from './finding.ts';
import type { Check } from './ports.ts';

type Subscriber = Config['subscribers'][number];

/** Whether EventBridge can deliver to what the subscribers name. Whether their policies let it shows in the dead-letter queues. */
export const checkSubscribers: Check = async ({ config, doctor: { stage } }) => {
  if (config.subscribers.length === 0) return [];
  return ask('subscribers', 'events:DescribeEventBus', async () => {
    const [, , , region = '', account = ''] = (await stage.bus(expectedStage(config).bus))?.split(':') ?? [];
    const findings = config.subscribers.flatMap((subscriber) => checkTarget(subscriber, { region, account }));
    return findings.length > 0
      ? findings
      : [ok('subscribers', `the targets of all ${config.subscribers.length} can be one`)];
  });
};

type Here = { readonly region: string; readonly account: string };

function checkTarget({ name, target }: Subscriber, here: Here): readonly Finding[] {
  const about = `subscriber ${name}`;
  const [, , service = '', region = '', account = '', ...rest] = target.split(':');
  const resource = rest.join(':');
  if (forms[service]?.test(resource) !== true) {
    return [problem(about, `${resource} is not the form of a target of ${service}`, 'Correct its target.')];
  }
  if (service === 'sqs' && resource.endsWith('.fifo')) {
    const text = 'a FIFO queue needs a message group, which the rule does not give';
    return [problem(about, text, 'Name a standard queue.')];
  }
  // A bus may be anywhere, and its rule has a role for it.
  return service === 'events' ? [] : checkPlace(about, { region, account }, here);
}

function checkPlace(about: string, { region, account }: Here, here: Here): readonly Finding[] {
  if (here.region !== '' && region !== here.region) {
    const text = `its target is in ${region}, and a rule delivers within ${here.region}`;
    return [problem(about, text, 'Name an event bus there, and let that forward.')];
  }
  if (here.account === '' || account === here.account) return [];
  const todo = 'Its policy has to let events.amazonaws.com deliver; see events/README.md.';
  return [warning(about, `its target is in the account ${account}`, todo)];
}

const forms: Readonly<Record<string, RegExp>> = {
  sqs: /^[\w-]{1,80}(\.fifo)?$/,
  sns: /^[\w-]{1,256}$/,
  lambda: /^function:[\w-]{1,64}(:[\w$-]+)?$/,
  events: /^event-bus\/[\w./-]+$/,
};
