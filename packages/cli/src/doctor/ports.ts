import type { MailAccount } from '@keyturn/aws/mail-account';
import type { QueueAges } from '@keyturn/aws/queue-ages';
import type { StageReader } from '@keyturn/aws/stage-reader';
import type { Trails } from '@keyturn/aws/trail';
import type { VersionDates } from '@keyturn/aws/version-dates';

import type { Deps } from '../command.ts';
import type { Finding } from './finding.ts';
import type { SlackBot } from './slack-bot.ts';

/** What only the doctor asks. */
export type DoctorPorts = {
  readonly stage: StageReader;
  readonly queueAge: QueueAges;
  readonly mailAccount: MailAccount;
  /** Built when it is asked: it finds out the Region first. */
  readonly trails: () => Promise<Trails>;
  readonly versionDates: VersionDates;
  readonly slackBot: SlackBot;
};

export type Check = (deps: Deps) => Promise<readonly Finding[]>;
