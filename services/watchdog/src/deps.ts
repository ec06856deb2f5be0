import type { EventBus } from '@keyturn/aws/event-bus';
import type { Fleet } from '@keyturn/aws/fleet';
import type { Ledger } from '@keyturn/aws/ledger';
import type { Queue } from '@keyturn/aws/queue';
import type { SecretAdmin, SecretLister, SecretReader } from '@keyturn/aws/secret-store';
import type { VersionDates } from '@keyturn/aws/version-dates';
import type { Config } from '@keyturn/config/config';
import type { IssueProvider, RetireProvider } from '@keyturn/credential-provider/credential-provider';
import type { Log } from '@keyturn/lambda/log';
import type { Metrics } from '@keyturn/lambda/metrics';
import type { Clock } from '@keyturn/rotation/clock';

export type Deps = {
  readonly config: Config;
  /** It looks at secrets and never into them. */
  readonly secrets: SecretLister &
    Pick<SecretReader, 'describe'> &
    Pick<SecretAdmin, 'rotateNow'> & { readonly versionDates: VersionDates };
  readonly ledger: Ledger;
  readonly announcerQueue: Queue;
  readonly cleanupQueue: Queue;
  readonly issue: (providerId: string) => Pick<IssueProvider, 'describe' | 'list'>;
  readonly retire: (providerId: string) => Pick<RetireProvider, 'disable' | 'enable' | 'remove'>;
  readonly fleet: Pick<Fleet, 'paused'>;
  readonly bus: EventBus;
  readonly metrics: Metrics;
  readonly clock: Clock;
  readonly newId: () => string;
  readonly log: Log;
};
