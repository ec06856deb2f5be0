import { describe, expect, test } from 'vitest';

import type { Mail, Mailer } from './mailer.ts';

export const exampleMail: Mail = {
  to: ['payments@example.com', 'oncall@example.com'],
  subject: 'orders was rotated: größer',
  text: 'The key of orders was rotated.',
  html: '<p>The key of <b>orders</b> was rotated.</p>',
  thread: 'arn:aws:secretsmanager:eu-west-1:111122223333:secret:orders-abcdef#token',
};

type Delivered = Omit<Mail, 'thread'>;
type UnderTest = {
  readonly mailer: Mailer;
  readonly delivered: () => readonly Delivered[] | Promise<readonly Delivered[]>;
};

export function testMailer(name: string, setUp: () => UnderTest | Promise<UnderTest>): void {
  describe(`${name} as a mailer`, () => {
    test('sends each mail to all its receivers, as text and as HTML', async () => {
      const { mailer, delivered } = await setUp();
      const { thread: _, ...mail } = exampleMail;

      await mailer.send(exampleMail);
      await mailer.send({ ...exampleMail, to: ['other@example.com'] });

      expect(await delivered()).toMatchObject([mail, { ...mail, to: ['other@example.com'] }]);
    });
  });
}
