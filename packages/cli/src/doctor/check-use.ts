import type { SecretDescription } from '@keyturn/aws/secret-store';

import { moment } from '../moments.ts';
import { warning, type Finding } from './finding.ts';

const dayMs = 86_400_000;

/** As in the findings SecretsManager.3 (unused) and .4 (not rotated) of Security Hub, by their default of 90 days. */
const longestDays = 90;

/** What an auditor would find, from what Secrets Manager says of the secret; nothing is asked for it. */
export function checkUse(
  about: string,
  { rotation, createdAt, lastAccessedAt }: SecretDescription,
  now: number,
): readonly Finding[] {
  const old = (at: number | undefined) => at !== undefined && now - at > longestDays * dayMs;
  const rotatedAt = rotation.lastAt ?? createdAt;
  const usedAt = lastAccessedAt ?? createdAt;
  return [
    ...(old(rotatedAt)
      ? [
          warning(
            about,
            `${rotation.lastAt === undefined ? 'never rotated, and is there' : 'last rotated'} since ${moment(rotatedAt)}, more than ${longestDays} days`,
            'Give its policy a shorter schedule, or look at why it does not rotate.',
          ),
        ]
      : []),
    ...(old(usedAt)
      ? [
          warning(
            about,
            `nobody read it for more than ${longestDays} days, Keyturn included`,
            'If nobody needs it any more, take it out of rotation and delete it.',
          ),
        ]
      : []),
  ];
}
