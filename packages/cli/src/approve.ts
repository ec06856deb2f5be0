import { listSuperseded, writeSuperseded, type Superseded } from '@keyturn/aws/supersession';
import { PermanentError, TransientError } from '@keyturn/rotation/errors';

import { secretArgument, textOption } from './arguments.ts';
import type { Command, Deps } from './command.ts';

export const approve: Command = {
  name: 'approve',
  summary: 'Let superseded keys go, where the policy says retirement: approve or deletion: approve',
  usage: '<secret> [--version VERSION]',
  details: [
    'Approves the next step of every superseded key of the secret, or of the one of --version: that it is switched off, or,',
    'once it is off, that it is deleted. Each of the two needs an approval of its own where the policy asks for it. The key is',
    'still retired by the rules: never before its grace is over.',
  ].join('\n'),
  options: { version: { type: 'string', help: 'only the key of this version' } },
  async run(call, deps) {
    const { secrets, ledger } = deps;
    const { arn, name, stages } = await secrets.describe(secretArgument(call));
    const only = textOption(call, 'version');
    // One that is current again, or pending, is not on its way out.
    const inUse = (versionId: string) =>
      (stages.get(versionId) ?? []).some((label) => label === 'AWSCURRENT' || label === 'AWSPENDING');
    const rows = (await listSuperseded(ledger, arn)).filter(
      ({ value: { stage, versionId } }) =>
        stage !== 'retired' && !inUse(versionId) && (only === undefined || versionId === only),
    );
    if (rows.length === 0) {
      const which = only === undefined ? 'no old key' : 'no such old key';
      throw new PermanentError('secret-missing', `${name} has ${which} that waits; keyturn status lists them`, {
        field: '--version',
      });
    }
    const steps: Approved[] = [];
    for (const { value, rev } of rows) {
      const step = await nextStep(value, deps);
      if (!(await writeSuperseded(ledger, approved(value, step, deps.clock.now()), rev)))
        throw new TransientError('The sweep changed a row meanwhile; try again');
      steps.push({ versionId: value.versionId, step });
    }
    return {
      ok: true,
      lines: steps.map(({ versionId, step }) => `Version ${versionId} of ${name} ${said[step]}`),
      answer: { secret: name, approved: steps.map(({ versionId }) => versionId), steps },
    };
  },
};

type Step = 'disable' | 'delete' | 'delete-at-once';
type Approved = { readonly versionId: string; readonly step: Step };

// Where a provider cannot switch a key off and on again, its one step is the deletion.
async function nextStep({ stage, provider }: Superseded, { issue }: Deps): Promise<Step> {
  if (stage === 'disabled') return 'delete';
  return (await issue(provider).describe()).reversibleDisable ? 'disable' : 'delete-at-once';
}

function approved(row: Superseded, step: Step, now: number): Superseded {
  return {
    ...row,
    ...(step === 'delete' ? {} : { approvedAt: now }),
    ...(step === 'disable' ? {} : { deletionApprovedAt: now }),
    dueAt: Math.min(row.dueAt ?? now, now),
  };
}

const said: Readonly<Record<Step, string>> = {
  disable:
    'may go: it may be switched off. Its deletion is another step, and another approval where the policy asks for it.',
  delete: 'may go: it is off, and may be deleted for good.',
  'delete-at-once':
    'may go: its provider cannot switch a key off and on again, so it may be deleted for good as soon as it is due.',
};
