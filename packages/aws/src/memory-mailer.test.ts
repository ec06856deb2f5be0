import { testMailer } from './mailer.conformance.ts';
import { memoryMailer } from './memory-mailer.ts';

testMailer('memoryMailer', () => {
  const mailer = memoryMailer();
  return { mailer, delivered: () => mailer.sent };
});
