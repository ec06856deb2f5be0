import { formatMark, markOf } from '@keyturn/rotation/mark';
import { expect, test } from 'vitest';

import { providerNamed } from './providers.ts';
import { world } from './world.ts';

test('I4: two keys that were made for one version are noticed when the second is marked, where keys are made first and marked next', async () => {
  const w = await world({ provider: providerNamed('apigee'), adopted: true, faults: [] });
  const { target, arn } = w.secret;
  const mark = formatMark(markOf(arn, 'a-version', 'lab'));
  const [made, twin] = [w.provider.handMade({ target }), w.provider.handMade({ target })];
  w.oracle.look('keyturn');
  const asMade = [...w.oracle.violations];

  await w.provider.issue.mark({ target, keyId: made.keyId, mark });
  const once = [...w.oracle.violations];
  await w.provider.issue.mark({ target, keyId: twin.keyId, mark });

  expect([asMade, once]).toEqual([[], []]);
  expect(w.oracle.violations).toMatchObject([{ rule: 'I4', what: 'Two keys were made for one version' }]);
});
