import { expect, test } from 'vitest';

import { versionDates } from './version-dates.ts';

test('tells of the versions of every page', async () => {
  const asked: (string | undefined)[] = [];
  const dates = versionDates({
    async listSecretVersionIds({ NextToken }) {
      asked.push(NextToken);
      return NextToken === undefined
        ? { Versions: [{ VersionId: 'v1', CreatedDate: new Date(1000) }], NextToken: 'more' }
        : { Versions: [{ VersionId: 'v2', CreatedDate: new Date(2000) }] };
    },
  });

  expect(await dates('arn')).toEqual(
    new Map([
      ['v1', 1000],
      ['v2', 2000],
    ]),
  );
  expect(asked).toEqual([undefined, 'more']);
});
