import type { Fleet } from '@keyturn/aws/fleet';
import type { Ledger } from '@keyturn/aws/ledger';
import type { SecretsManagerCalls } from '@keyturn/aws/secrets-manager-calls';
import type { IssueProvider, RetireProvider } from '@keyturn/credential-provider/credential-provider';
import { TransientError } from '@keyturn/rotation/errors';

import { isOurs } from './ground.ts';
import type { LabProvider, Reach } from './lab-provider.ts';
import type { Ended, Process } from './processes.ts';
import type { Scheduler } from './scheduler.ts';

/** Secrets Manager as a function of ours reaches it. */
export function reachedSecretsManager(model: SecretsManagerCalls, reach: Reach): SecretsManagerCalls {
  const reached =
    <Request, Answer>(name: string, call: (request: Request) => Promise<Answer>) =>
    (request: Request) =>
      reach(`secretsManager ${name}`, () => call(request));
  return {
    cancelRotateSecret: reached('cancelRotateSecret', model.cancelRotateSecret),
    createSecret: reached('createSecret', model.createSecret),
    deleteSecret: reached('deleteSecret', model.deleteSecret),
    describeSecret: reached('describeSecret', model.describeSecret),
    getSecretValue: reached('getSecretValue', model.getSecretValue),
    listSecrets: reached('listSecrets', model.listSecrets),
    listSecretVersionIds: reached('listSecretVersionIds', model.listSecretVersionIds),
    putSecretValue: reached('putSecretValue', model.putSecretValue),
    restoreSecret: reached('restoreSecret', model.restoreSecret),
    rotateSecret: reached('rotateSecret', model.rotateSecret),
    tagResource: reached('tagResource', model.tagResource),
    untagResource: reached('untagResource', model.untagResource),
    updateSecret: reached('updateSecret', model.updateSecret),
    updateSecretVersionStage: reached('updateSecretVersionStage', model.updateSecretVersionStage),
  };
}

export function reachedLedger(ledger: Ledger, reach: Reach): Ledger {
  return {
    read: (key, schema) => reach('ledger read', () => ledger.read(key, schema)),
    list: (partition, prefix, schema) => reach('ledger list', () => ledger.list(partition, prefix, schema)),
    write: (key, value, rev, dueAt) => reach('ledger write', () => ledger.write(key, value, rev, dueAt)),
    remove: (key, rev) => reach('ledger remove', () => ledger.remove(key, rev)),
    due: (time, limit) => reach('ledger due', () => ledger.due(time, limit)),
  };
}

export function reachedFleet(fleet: Fleet, reach: Reach): Fleet {
  return {
    paused: () => reach('fleet paused', () => fleet.paused()),
    set: (state) => reach('fleet set', () => fleet.set(state)),
  };
}

type Invoking = {
  readonly scheduler: Scheduler;
  readonly reach: Reach;
  readonly timeouts: { readonly issue: number; readonly retire: number };
  /** Two of ours end keys of one target at the same time. */
  readonly onClash: () => void;
  /** How an invocation of an adapter ended. */
  readonly ended: (end: Ended<unknown>) => void;
};

/** The adapter behind its two functions: each call is an invocation that can fail by itself, and so can each call that the adapter makes. */
export function reachedProvider(
  { issue, retire }: LabProvider,
  { scheduler, reach, timeouts, onClash, ended }: Invoking,
): { readonly issue: IssueProvider; readonly retire: RetireProvider } {
  const invoked =
    (duty: 'issue' | 'retire') =>
    <Request, Answer>(name: string, serve: (request: Request) => Promise<Answer>) =>
    (request: Request) =>
      reach(`invoke ${duty} ${name}`, async () => {
        const end = await scheduler.call(duty, timeouts[duty], () => serve(request));
        if (end.how === 'returned') return end.value;
        ended(end);
        // Only what it means goes over the wire; anything else is a function that failed.
        throw end.how === 'threw' && isOurs(end.error) ? end.error : new TransientError(`The function ${duty} failed`);
      });
  const byIssue = invoked('issue');
  const byRetire = invoked('retire');
  const atWork = new Map<string, Process>();
  // What comes late belongs to nobody who is still at work.
  const ending =
    <Request extends { readonly target: string }>(serve: (request: Request) => Promise<void>) =>
    async (request: Request) => {
      const process = scheduler.current();
      if (process === undefined || process.of === 'world') return serve(request);
      const other = atWork.get(request.target);
      if (other?.alive === true && other !== process) onClash();
      atWork.set(request.target, process);
      await serve(request).finally(() => atWork.delete(request.target));
    };
  const describe = byIssue('describe', () => issue.describe());
  return {
    issue: {
      describe: () => describe(undefined),
      locate: byIssue('locate', (request: Parameters<IssueProvider['locate']>[0]) => issue.locate(request)),
      propose: byIssue('propose', (request: Parameters<IssueProvider['propose']>[0]) => issue.propose(request)),
      ensure: byIssue('ensure', (request: Parameters<IssueProvider['ensure']>[0]) => issue.ensure(request)),
      mark: byIssue('mark', (request: Parameters<IssueProvider['mark']>[0]) => issue.mark(request)),
      check: byIssue('check', (request: Parameters<IssueProvider['check']>[0]) => issue.check(request)),
      list: byIssue('list', (request: Parameters<IssueProvider['list']>[0]) => issue.list(request)),
    },
    retire: {
      disable: ending(
        byRetire('disable', (request: Parameters<RetireProvider['disable']>[0]) => retire.disable(request)),
      ),
      enable: byRetire('enable', (request: Parameters<RetireProvider['enable']>[0]) => retire.enable(request)),
      remove: ending(byRetire('remove', (request: Parameters<RetireProvider['remove']>[0]) => retire.remove(request))),
      list: byRetire('list', (request: Parameters<RetireProvider['list']>[0]) => retire.list(request)),
    },
  };
}
