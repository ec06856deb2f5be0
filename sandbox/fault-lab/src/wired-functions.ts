import { functionNames } from '@keyturn/config/names';
import type { IssueProvider, RetireProvider } from '@keyturn/credential-provider/credential-provider';
import {
  invokedIssueProvider,
  invokedRetireProvider,
  type Invoke,
} from '@keyturn/credential-provider/invoked-provider';
import { serveIssue, serveRetire, type Serve } from '@keyturn/credential-provider/serve-provider';
import { overJson } from '@keyturn/credential-provider/wired-provider';
import { TransientError } from '@keyturn/rotation/errors';
import * as z from 'zod';

import { deployed } from './deployed.ts';
import { timeouts, type Ground } from './ground.ts';
import type { LabProvider } from './lab-provider.ts';

type Duty = 'issue' | 'retire';

const asked = z.object({ operation: z.string() });
const about = (payload: unknown) => ({ operation: asked.safeParse(payload).data?.operation });

/** The adapter as its two functions: each request and answer crosses as JSON, and what leaves a function is what Lambda lets through. */
export function wiredFunctions(
  ground: Ground,
  { issue, retire }: LabProvider,
): { readonly issue: IssueProvider; readonly retire: RetireProvider } {
  const { scheduler, calls, ended, watch } = ground;
  const names = functionNames('lab');

  const invoke =
    (duty: Duty, serve: Serve): Invoke =>
    (functionName, payload) =>
      calls.reach(`invoke ${duty} ${asked.parse(payload).operation}`, async () => {
        watch?.hear('function names', functionName);
        const end = await scheduler.call(duty, timeouts[duty], () => serve(overJson(payload)));
        if (end.how === 'returned') return overJson(end.value);
        if (end.how === 'threw') ended(end, 'adapter');
        throw new TransientError(`The function ${functionName} failed`);
      });

  const issueFunction = deployed(ground, { service: 'lab-adapter', of: 'issue', handle: serveIssue(issue), about });
  const retireFunction = deployed(ground, { service: 'lab-adapter', of: 'retire', handle: serveRetire(retire), about });
  return {
    issue: invokedIssueProvider(invoke('issue', issueFunction), names.issue('lab')),
    retire: invokedRetireProvider(invoke('retire', retireFunction), names.retire('lab')),
  };
}
