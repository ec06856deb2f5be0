import { lateReaders, listAdoptions } from '@keyturn/aws/adoption';
import type { SecretDescription } from '@keyturn/aws/secret-store';
import { managedSecret } from '@keyturn/config/managed-secret';
import { PermanentError } from '@keyturn/rotation/errors';

import type { Deps } from './command.ts';
import { labelled } from './live-secret.ts';
import { isoOrNull, moment } from './moments.ts';

type ReaderWord = {
  readonly reader: string;
  /** `late`: an old key waits for it. `lapsed`: silent for so long that it does not count. `silent`: never heard of. */
  readonly state: 'current' | 'late' | 'lapsed' | 'silent';
  readonly versionId: string | null;
  readonly saidAt: string | null;
};

/** What the readers that acknowledge have said of a secret; none where its policy cannot be told, or has none. */
export async function readerWords(
  description: SecretDescription,
  { config, ledger, clock }: Pick<Deps, 'config' | 'ledger' | 'clock'>,
): Promise<readonly ReaderWord[]> {
  const declared = acknowledgingOf(description, config);
  if (declared.length === 0) return [];
  const said = await listAdoptions(ledger, description.arn);
  const now = clock.now();
  const current = labelled(description, 'AWSCURRENT') ?? '';
  return declared.map((declaration): ReaderWord => {
    const word = said.find(({ reader }) => reader === declaration.id);
    const { id: reader, lapseMs } = declaration;
    if (word === undefined) return { reader, state: 'silent', versionId: null, saidAt: null };
    const waiting = { readers: [declaration], currentVersionId: current, now };
    // Asked about the version that it said itself.
    const isLate = lateReaders(said, { versionId: word.versionId, supersededAt: now }, waiting).length > 0;
    const state = isLate ? 'late' : now > word.at + lapseMs ? 'lapsed' : 'current';
    return { reader, state, versionId: word.versionId, saidAt: isoOrNull(word.at) };
  });
}

function acknowledgingOf(description: SecretDescription, config: Deps['config']) {
  try {
    return managedSecret(description, config).policy.acknowledging;
  } catch (error) {
    // `status` lists it among the problems.
    if (error instanceof PermanentError) return [];
    throw error;
  }
}

export function describeReader({ reader, state, versionId, saidAt }: ReaderWord): string {
  const when = saidAt === null ? '' : moment(Date.parse(saidAt));
  const words = {
    current: `uses the current version, said ${when}`,
    late: `LATE, said ${when} that it uses ${versionId}; its key waits for it`,
    lapsed: `silent since ${when}, does not count any more`,
    silent: 'never said which version it uses; nothing waits for it',
  };
  return `  reader ${reader}: ${words[state]}`;
}
