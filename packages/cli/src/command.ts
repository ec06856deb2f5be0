import type { EventBus } from '@keyturn/aws/event-bus';
import type { Fleet } from '@keyturn/aws/fleet';
import type { Ledger } from '@keyturn/aws/ledger';
import type { SecretAdmin, SecretStore } from '@keyturn/aws/secret-store';
import type { Config } from '@keyturn/config/config';
import type { IssueProvider, RetireProvider } from '@keyturn/credential-provider/credential-provider';
import type { Clock } from '@keyturn/rotation/clock';

import type { Console } from './console.ts';
import type { DoctorPorts } from './doctor/ports.ts';

/** What commands act on: the stage that the configuration names, with the caller's own AWS permissions. */
export type Deps = {
  readonly config: Config;
  readonly secrets: SecretStore & SecretAdmin;
  readonly ledger: Ledger;
  readonly bus: EventBus;
  readonly fleet: Fleet;
  readonly issue: (providerId: string) => IssueProvider;
  readonly retire: (providerId: string) => RetireProvider;
  readonly doctor: DoctorPorts;
  /** Who runs the command, for people who hear of it. */
  readonly operator: string;
  readonly clock: Clock;
  readonly newId: () => string;
};

export type Call = {
  readonly arguments: readonly string[];
  readonly options: Readonly<Record<string, string | boolean | undefined>>;
};

export type Command = {
  readonly name: string;
  readonly summary: string;
  /** What follows the name, such as `<secret> [--yes]`. */
  readonly usage: string;
  readonly details: string;
  readonly options: Readonly<Record<string, { readonly type: 'string' | 'boolean'; readonly help: string }>>;
  /** `answer`: for --json. `lines`: for people. `ok` false: exit code 1. Throws UsageError, or our errors (exit code 1). */
  run(call: Call, deps: Deps, console: Console): Promise<Answer>;
};

/** `path`: of the configuration, unless the caller names another. `read` throws what the system throws. */
export type ConfigFile = { readonly path: string; readonly read: (path: string) => string };

/** A command that asks nobody. */
export type LocalCommand = Omit<Command, 'run'> & {
  runLocally(call: Call, configFile: ConfigFile): Promise<Answer>;
};

export type Answer = {
  readonly ok: boolean;
  readonly lines: readonly string[];
  readonly answer: Readonly<Record<string, unknown>>;
};
