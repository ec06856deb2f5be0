import { notificationTestKey, type NotificationTest } from '@keyturn/aws/notification-test';
import { expect, test } from 'vitest';

import { world, type World } from '../../../test/world.ts';
import type { Deps } from './command.ts';
import { healthyDoctor } from './doctor/memory-doctor.ts';
import { runCommand } from './run-command.ts';

/** A notifier that notes `rows`, one with each second that the command waits. */
async function keyturn(w: World, rows: readonly NotificationTest[], ...words: string[]) {
  const lines: string[] = [];
  const notes: string[] = [];
  const answers: Record<string, unknown>[] = [];
  const left = [...rows];
  const sleep = async (ms: number) => {
    w.pass(ms);
    const [row] = left.splice(0, 1);
    const [asked] = w.events('NotificationTestRequested');
    if (row === undefined || asked === undefined) return;
    const key = notificationTestKey(asked.detail.metadata.correlationId);
    await w.ledger.write(key, row, rows.indexOf(row));
  };
  const deps: Deps = {
    ...w.cleanup,
    secrets: w.secrets,
    issue: () => w.provider,
    retire: () => w.provider,
    doctor: healthyDoctor(w.config, w.model),
    operator: 'jo',
    clock: { now: w.clock.now, sleep },
  };
  const code = await runCommand(['notify', ...words], () => deps, {
    line: (text) => void lines.push(text),
    note: (text) => void notes.push(text),
    json: (answer) => void answers.push(answer),
  });
  return { code, text: lines.join('\n'), notes, answer: answers[0] };
}

type State = NotificationTest['outcomes'][number]['state'];

function row(state: State, message: string | null = null, more: Partial<NotificationTest> = {}): NotificationTest {
  const field = message === null ? null : 'mail';
  return {
    owner: 'orders',
    hasRoute: true,
    outcomes: [{ address: 'mail orders@acme.example', state, message, field }],
    ...more,
  };
}

test('asks for a test on the bus, in the name of whoever runs it, and tells what was delivered', async () => {
  const w = await world();

  const { code, text, notes } = await keyturn(w, [row('waiting'), row('delivered')], 'test', '--owner', 'orders');

  expect(w.events('NotificationTestRequested')).toMatchObject([
    { resources: [], detail: { data: { owner: 'orders', environment: 'test', requestedBy: 'jo' } } },
  ]);
  expect([code, text]).toEqual([0, 'mail orders@acme.example: delivered']);
  expect(notes.at(-1)).toBe('  mail orders@acme.example: answered');
});

test('an address that refuses ends with exit code 1 and with what to do', async () => {
  const w = await world();
  const refused = row('refused', 'SendEmail: MessageRejected (HTTP 400)');

  const { code, text } = await keyturn(w, [refused], 'test', '--owner', 'orders');

  expect(code).toBe(1);
  expect(text).toContain('mail orders@acme.example: REFUSED: SendEmail: MessageRejected (HTTP 400) (mail)');
  expect(text).toContain('Verify the sender in SES');
});

test('a failure that may pass is waited for, and told as not yet when the time is over', async () => {
  const w = await world();

  const later = await keyturn(w, [row('retried', 'no answer'), row('delivered')], 'test', '--owner', 'orders');
  const never = await keyturn(await world(), [row('retried', 'no answer')], 'test', '--owner', 'orders', '--json');

  expect(later.code).toBe(0);
  expect(never.code).toBe(1);
  expect(never.answer).toMatchObject({ ok: false, outcomes: [{ state: 'retried', message: 'no answer' }] });
});

test('a stage whose notifier does not take it up is told as such', async () => {
  const { code, text } = await keyturn(await world(), [], 'test', '--owner', 'orders', '--timeout', '5');

  expect(code).toBe(1);
  expect(text).toContain('The notifier did not take the test up in time');
});

test('another configuration than the deployed one is noticed', async () => {
  const other = row('delivered', null, { hasRoute: false });
  const others = { ...other, outcomes: [{ ...other.outcomes[0]!, address: 'mail platform@acme.example' }] };

  const { text } = await keyturn(await world(), [others], 'test', '--owner', 'orders');

  expect(text).toContain('has no route of orders');
  expect(text).toContain('other addresses than yours');
});

test.each([
  [['test', '--owner', 'nobody'], 1],
  [['test'], 2],
  [['--owner', 'orders'], 2],
  [['test', '--owner', 'orders', '--timeout', 'soon'], 2],
])('%j asks for nothing, exit code %i', async (words, expected) => {
  const w = await world();

  const { code } = await keyturn(w, [], ...words);

  expect(code).toBe(expected);
  expect(w.events('NotificationTestRequested')).toEqual([]);
});
