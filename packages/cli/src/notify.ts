import { notificationTest, notificationTestKey, type NotificationOutcome } from '@keyturn/aws/notification-test';
import { addressesOf, addressName } from '@keyturn/config/addresses';
import { entry } from '@keyturn/config/entry';
import { runbookUrl } from '@keyturn/config/managed-secret';
import { NotificationTestRequested } from '@keyturn/events/notification-test-requested';
import { occurrence } from '@keyturn/events/occurrence';
import { PermanentError } from '@keyturn/rotation/errors';

import { neededOption, textOption } from './arguments.ts';
import type { Call, Command, Deps } from './command.ts';
import { UsageError, type Console } from './console.ts';
import { deliveryAdvice } from './delivery-advice.ts';

const defaultWaitSeconds = 120;
const pauseMs = 1000;

export const notify: Command = {
  name: 'notify',
  summary: 'Test that messages for an owner arrive',
  usage: 'test --owner ID [--timeout SECONDS]',
  details: [
    "Sends a message that says it is a test to every address of the owner's route, the way that all messages go: bus, rule, queue,",
    'notifier. Tells what became of each. Exit code 1 if one was refused, or is not delivered within --timeout seconds (120).',
  ].join('\n'),
  options: {
    owner: { type: 'string', help: 'owner: a route of the configuration' },
    timeout: { type: 'string', help: `seconds to wait, ${defaultWaitSeconds} by default` },
  },
  async run(call, deps, console) {
    const { owner, seconds } = read(call, deps);
    const id = `test/${deps.newId()}`;
    const facts = {
      owner,
      environment: deps.config.stage,
      runbookUrl: runbookUrl(deps.config),
      requestedBy: deps.operator,
    };
    const about = occurrence(deps, { correlationId: id, idempotencyKey: id });
    await deps.bus.publish(NotificationTestRequested.create(facts, about));
    console.note(
      `Asked the notifier of stage ${deps.config.stage} to send tests to ${owner}; waiting for what it says.`,
    );
    const outcome = await waitFor({ id, seconds }, deps, console);
    return answerOf(owner, outcome, deps);
  },
};

function read(call: Call, { config }: Deps): { owner: string; seconds: number } {
  if (call.arguments.join(' ') !== 'test') throw new UsageError('What? Only "keyturn notify test" is there.');
  const owner = neededOption(call, 'owner');
  if (entry(config.routes, owner) === undefined) {
    throw new PermanentError('misconfigured', `The configuration has no route of ${owner}`, { field: '--owner' });
  }
  const seconds = Number(textOption(call, 'timeout') ?? defaultWaitSeconds);
  if (!Number.isInteger(seconds) || seconds < 1) throw new UsageError('--timeout is a whole number of seconds');
  return { owner, seconds };
}

type Outcome = { readonly hasRoute: boolean; readonly outcomes: readonly NotificationOutcome[] } | undefined;

const isFinal = ({ state }: NotificationOutcome): boolean => state === 'delivered' || state === 'refused';

/** What the notifier noted; undefined: it noted nothing in time. */
async function waitFor(
  { id, seconds }: { id: string; seconds: number },
  { ledger, clock }: Deps,
  console: Console,
): Promise<Outcome> {
  const deadline = clock.now() + seconds * 1000;
  const told = new Set<string>();
  for (;;) {
    const known = (await ledger.read(notificationTestKey(id), notificationTest))?.value;
    for (const { address } of (known?.outcomes ?? []).filter(isFinal)) {
      if (!told.has(address)) console.note(`  ${address}: answered`);
      told.add(address);
    }
    if (known?.outcomes.every(isFinal) === true || clock.now() > deadline) return known;
    await clock.sleep(pauseMs);
  }
}

function answerOf(owner: string, outcome: Outcome, { config }: Deps) {
  const expected = addressesOf(config, owner).map(addressName);
  if (outcome === undefined) {
    return {
      ok: false,
      lines: [
        'The notifier did not take the test up in time: the stage may not be deployed, or its rule, queue or function does not work. Run "keyturn doctor".',
      ],
      answer: { owner, outcomes: [], takenUp: false },
    };
  }
  const { outcomes, hasRoute } = outcome;
  const same = outcomes.length === expected.length && outcomes.every(({ address }) => expected.includes(address));
  return {
    ok: outcomes.length > 0 && outcomes.every(({ state }) => state === 'delivered'),
    lines: [
      ...outcomes.flatMap(describe),
      ...(hasRoute
        ? []
        : [`! The deployed configuration has no route of ${owner}: these are the default's addresses. Deploy yours.`]),
      ...(same
        ? []
        : [
            '! The deployed configuration has other addresses than yours. Deploy yours, or use the one that is deployed.',
          ]),
    ],
    answer: { owner, takenUp: true, hasRoute, sameAddresses: same, outcomes },
  };
}

const states: Readonly<Record<NotificationOutcome['state'], string>> = {
  delivered: 'delivered',
  refused: 'REFUSED',
  retried: 'NOT YET',
  waiting: 'NOT YET',
};

function describe({ address, state, message, field }: NotificationOutcome): string[] {
  if (state === 'delivered') return [`${address}: delivered`];
  const why = message === null ? '' : `: ${message}`;
  const where = field === null ? '' : ` (${field})`;
  return [`${address}: ${states[state]}${why}${where}`, `  ${deliveryAdvice(state, message ?? '')}`];
}
