import { expect, test } from 'vitest';

import type { Notice } from './notice.ts';
import { briefly, renderSlack } from './render-slack.ts';

const subject = { correlationId: 'hash/v2', fact: 'RotationFailed', alert: true };
const notice: Notice = {
  tone: 'bad',
  headline: 'orders/api-key (prod): rotation failed',
  lines: ['The secret still holds the old key.'],
  facts: [{ label: 'Owner', value: 'payments' }],
  link: { label: 'What to do, step by step', url: 'https://runbooks.example.com/not-yours?a=1&b=2|x' },
};

test('says everything in the text too, for notifications and screen readers', () => {
  const { text } = renderSlack(notice, subject);

  expect(text).toBe('orders/api-key (prod): rotation failed\nThe secret still holds the old key.');
});

test('shows the headline with its sign, the facts, and a link to the runbook', () => {
  const { blocks } = renderSlack(notice, subject);

  expect(blocks).toEqual([
    {
      type: 'section',
      text: {
        type: 'mrkdwn',
        text: ':rotating_light: *orders/api-key (prod): rotation failed*\nThe secret still holds the old key.',
        verbatim: true,
      },
    },
    { type: 'section', fields: [{ type: 'mrkdwn', text: '*Owner*\npayments', verbatim: true }] },
    {
      type: 'context',
      elements: [
        {
          type: 'mrkdwn',
          text: '<https://runbooks.example.com/not-yours?a=1&amp;b=2%7Cx|What to do, step by step> · Keyturn rotates the keys that are kept in AWS Secrets Manager.',
          verbatim: true,
        },
      ],
    },
  ]);
});

test('tells programs what it is about', () => {
  expect(renderSlack(notice, subject).metadata).toEqual({
    event_type: 'keyturn_rotation',
    event_payload: { correlationId: 'hash/v2', fact: 'RotationFailed', alert: true },
  });
});

test('a name from outside makes no mention, no link and no line of its own', () => {
  const hostile =
    '<!channel> <!subteam^S1> <@U1> <https://evil.example|here> & @channel @here\n@Everyone *x*\u202E\u0000';
  const everywhere: Notice = {
    ...notice,
    headline: hostile,
    lines: [hostile],
    facts: [{ label: 'Owner', value: hostile }],
    link: { label: hostile, url: 'javascript:alert(1)' },
  };

  const shown = JSON.stringify(renderSlack(everywhere, subject));

  expect(shown).toContain(
    '&lt;!channel&gt; &lt;!subteam^S1&gt; &lt;@U1&gt; &lt;https://evil.example|here&gt; &amp; @\u2060channel',
  );
  expect(shown).not.toMatch(/<|>|@(channel|here|everyone)|javascript|\u202E|\\u0000/i);
  expect(renderSlack(everywhere, subject).text.split('\n')).toHaveLength(2);
});

test('stays within the limits of Slack and never ends within an escaped character', () => {
  const long: Notice = {
    ...notice,
    lines: Array.from({ length: 9 }, () => '&'.repeat(599)),
    facts: Array.from({ length: 15 }, () => ({ label: 'Owner', value: '&'.repeat(5000) })),
  };

  const { text, blocks } = renderSlack(long, subject);

  const section = blocks[0]!.type === 'section' && 'text' in blocks[0]! ? blocks[0].text.text : '';
  const fields = 'fields' in blocks[1]! ? blocks[1].fields : [];
  expect([text.length, section.length].every((length) => length <= 3000)).toBe(true);
  expect(section).toMatch(/&amp;…$/);
  expect(fields).toHaveLength(10);
  expect(fields.every(({ text }) => text.length <= 2000)).toBe(true);
});

test('a reply leaves the facts to the head of its thread', () => {
  expect(renderSlack(briefly(notice), subject).blocks).toHaveLength(1);
});
