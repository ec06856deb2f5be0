import { expect, test } from 'vitest';

import type { Notice } from './notice.ts';
import { renderMail } from './render-mail.ts';

const envelope = { to: ['payments@example.com'], thread: 'hash/v2', owner: 'payments' };
const notice: Notice = {
  tone: 'good',
  headline: 'orders/api-key (prod): key rotated',
  lines: ['Keyturn put a new key into this AWS secret.'],
  facts: [
    { label: 'Owner', value: 'payments' },
    { label: 'Old key works until', value: '2 March 2027, 08:10 UTC' },
  ],
  link: { label: 'About key rotation', url: 'https://runbooks.example.com/?a=1&b="2"' },
};

test('the subject tells what happened, and the mails of a rotation share a thread', () => {
  expect(renderMail(notice, envelope)).toMatchObject({
    to: ['payments@example.com'],
    thread: 'hash/v2',
    subject: 'orders/api-key (prod): key rotated',
  });
});

test('the text reads without any markup', () => {
  expect(renderMail(notice, envelope).text).toBe(`orders/api-key (prod): key rotated

Keyturn put a new key into this AWS secret.

Owner:               payments
Old key works until: 2 March 2027, 08:10 UTC

About key rotation: https://runbooks.example.com/?a=1&b=%222%22

--
Keyturn rotates the keys that are kept in AWS Secrets Manager. You get this mail because its configuration lists your address for the owner payments.
`);
});

test('the page says the same, loads nothing and leaves colours to the theme of its reader', () => {
  const { html } = renderMail(notice, envelope);

  for (const { label, value } of notice.facts) expect(html).toMatch(new RegExp(`${label}</td><td[^>]*>${value}</td>`));
  expect(html).toContain('<a href="https://runbooks.example.com/?a=1&amp;b=%222%22">About key rotation</a>');
  expect(html).toContain('<meta name="color-scheme" content="light dark">');
  expect(html).not.toMatch(/<img|<link|<script|url\(|@import|[^-]color:|background/);
});

test('a name from outside is text in the page and breaks neither the subject nor a line', () => {
  const hostile = '<img src=x onerror=alert(1)>"\'&\r\nBcc: everybody@example.com\u202E';
  const everywhere: Notice = {
    ...notice,
    headline: hostile,
    lines: [hostile],
    facts: [{ label: 'Owner', value: hostile }],
    link: { label: hostile, url: 'javascript:alert(1)' },
  };

  const { subject, html, text } = renderMail(everywhere, { ...envelope, owner: hostile });

  expect(subject).toBe('<img src=x onerror=alert(1)>"\'& Bcc: everybody@example.com');
  expect(html).toContain('&lt;img src=x onerror=alert(1)&gt;&quot;&#39;&amp; Bcc: everybody@example.com');
  expect(html).not.toMatch(/<img|javascript:|\u202E/);
  expect(text).not.toMatch(/^Bcc:/m);
});
