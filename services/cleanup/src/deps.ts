import type { EventBus } from '@keyturn/aws/event-bus';
import type { Fleet } from '@keyturn/aws/fleet';
import type { Ledger } from '@keyturn/aws/ledger';
import type { PendingDropper, ReadDates, SecretLister, SecretReader } from '@keyturn/aws/secret-store';
import type { VersionDates } from '@keyturn/aws/version-dates';
import type { Config } from '@keyturn/config/config';
import type { IssueProvider, RetireProvider } from '@keyturn/credential-provider/credential-provider';
import type { Log } from '@keyturn/lambda/log';
import type { Clock } from '@keyturn/rotation/clock';

export type Deps = {
  readonly config: Config;
  readonly secrets: SecretReader & SecretLister & ReadDates & PendingDropper & { readonly versionDates: VersionDates };
  readonly issue: (providerId: string) => Pick<IssueProvider, 'describe' | 'check' | 'list' | 'mark'>;
  readonly retire: (providerId: string) => RetireProvider;
  readonly ledger: Ledger;
  readonly bus: EventBus;
  readonly fleet: Fleet;
  readonly clock: Clock;
  readonly newId: () => string;
  readonly log: Log;
};
