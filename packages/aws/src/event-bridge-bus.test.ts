import type { KeyturnEvent } from '@keyturn/events/define-event';
import { PermanentError, TransientError } from '@keyturn/rotation/errors';
import { expect, test } from 'vitest';

import { eventBridgeBus } from './event-bridge-bus.ts';
import { exampleEvent, testEventBus } from './event-bus.conformance.ts';
import type { LoopbackAnswer } from './loopback-aws.ts';
import { loopbackClients } from './loopback-clients.ts';

type Entry = {
  Source: string;
  DetailType: string;
  Resources: string[];
  Detail: string;
  EventBusName: string;
  TraceHeader?: string;
};
const taken: LoopbackAnswer = { json: { FailedEntryCount: 0, Entries: [{ EventId: '1' }] } };
const refused = (code: string): LoopbackAnswer => ({
  json: { FailedEntryCount: 1, Entries: [{ ErrorCode: code, ErrorMessage: 'canary' }] },
});

async function setUp({ answers = [], trace }: { answers?: LoopbackAnswer[]; trace?: () => string | undefined } = {}) {
  let nth = 0;
  const { clients, server } = await loopbackClients(() => answers[nth++] ?? answers.at(-1) ?? taken);
  const slept: number[] = [];
  const clock = { now: () => 0, sleep: async (ms: number) => void slept.push(ms) };
  const bus = eventBridgeBus({ client: clients.eventBridge(), busName: 'keyturn-test', clock, traceHeader: trace });
  const entries = () => server.received.flatMap(({ body }) => (body as { Entries: Entry[] }).Entries);
  return { bus, entries, slept };
}

testEventBus('eventBridgeBus', async () => {
  const { bus, entries } = await setUp();
  const published = () =>
    entries().map(({ Source, DetailType, Resources, Detail }) => ({
      source: Source as 'keyturn',
      'detail-type': DetailType,
      resources: Resources,
      detail: JSON.parse(Detail) as KeyturnEvent['detail'],
    }));
  return { bus, published };
});

test('puts each event on its bus, with the trace of the present invocation', async () => {
  const traces = ['Root=1-1', undefined];
  const { bus, entries } = await setUp({ trace: () => traces.shift() });

  await bus.publish(exampleEvent());
  await bus.publish(exampleEvent());

  expect(entries().map(({ EventBusName, TraceHeader }) => [EventBusName, TraceHeader])).toEqual([
    ['keyturn-test', 'Root=1-1'],
    ['keyturn-test', undefined],
  ]);
});

test('puts an entry again that the bus did not take, although the call succeeded', async () => {
  const { bus, entries, slept } = await setUp({
    answers: [refused('ThrottlingException'), refused('InternalFailure'), taken],
  });

  await bus.publish(exampleEvent());

  expect(entries()).toHaveLength(3);
  expect(slept).toEqual([100, 200]);
});

test('gives up after a few tries, so that the caller tries later', async () => {
  const { bus, entries, slept } = await setUp({ answers: [refused('ThrottlingException')] });

  const publishing = bus.publish(exampleEvent());

  await expect(publishing).rejects.toBeInstanceOf(TransientError);
  await expect(publishing).rejects.toThrow('PutEvents: ThrottlingException, 4 times');
  expect(entries()).toHaveLength(4);
  expect(slept).toEqual([100, 200, 400]);
});

test('takes an answer without entries for no answer', async () => {
  const { bus } = await setUp({ answers: [{ json: {} }] });

  await expect(bus.publish(exampleEvent())).rejects.toBeInstanceOf(TransientError);
});

test.each([
  ['NotAuthorizedForSourceException', 'access-denied'],
  ['MalformedDetail', 'misconfigured'],
])('does not repeat what the bus will never take: %s', async (code, reason) => {
  const { bus, entries } = await setUp({ answers: [refused(code)] });

  const publishing = bus.publish(exampleEvent());

  await expect(publishing).rejects.toBeInstanceOf(PermanentError);
  await expect(publishing).rejects.toMatchObject({ reason, field: 'BUS_NAME' });
  expect(entries()).toHaveLength(1);
});

test('names the bus where it is not there', async () => {
  const { bus } = await setUp({ answers: [{ status: 400, json: { __type: 'ResourceNotFoundException' } }] });

  await expect(bus.publish(exampleEvent())).rejects.toMatchObject({ reason: 'misconfigured', field: 'BUS_NAME' });
});
