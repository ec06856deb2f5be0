import { listSuperseded, writeSuperseded } from '@keyturn/aws/supersession';
import { PermanentError, TransientError } from '@keyturn/rotation/errors';

import { secretArgument, textOption } from './arguments.ts';
import type { Command } from './command.ts';

export const approve: Command = {
  name: 'approve',
  summary: 'Let superseded keys go, where the policy says retirement: approve',
  usage: '<secret> [--version VERSION]',
  details:
    'Approves every superseded key of the secret, or the one of --version. It is still retired by the rules: never before its grace is over.',
  options: { version: { type: 'string', help: 'only the key of this version' } },
  async run(call, { secrets, ledger, clock }) {
    const { arn, name } = await secrets.describe(secretArgument(call));
    const only = textOption(call, 'version');
    const rows = (await listSuperseded(ledger, arn)).filter(
      ({ value }) => value.stage !== 'retired' && (only === undefined || value.versionId === only),
    );
    if (rows.length === 0)
      throw new PermanentError('secret-missing', `${name} has no such key to retire`, { field: '--version' });
    for (const { value, rev } of rows) {
      const approved = { ...value, approvedAt: clock.now(), dueAt: Math.min(value.dueAt ?? clock.now(), clock.now()) };
      if (!(await writeSuperseded(ledger, approved, rev)))
        throw new TransientError('The sweep changed a row meanwhile; try again');
    }
    const versions = rows.map(({ value }) => value.versionId);
    return {
      ok: true,
      lines: versions.map((id) => `Version ${id} of ${name} may go.`),
      answer: { secret: name, approved: versions },
    };
  },
};
