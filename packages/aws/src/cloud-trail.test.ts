import { expect, onTestFinished, test } from 'vitest';

import { cloudTrail } from './cloud-trail.ts';
import { loopbackAws, type LoopbackAnswer, type Received } from './loopback-aws.ts';
import { memoryTrails } from './memory-trails.ts';
import { checkTrail } from './trail.ts';
import { testTrails } from './trails.conformance.ts';

testTrails('memoryTrails', async (region, trails) => memoryTrails(region, trails));

testTrails('cloudTrail', (_region, trails) =>
  cloudTrailOver(({ operation, body }) => {
    if (operation === 'DescribeTrails') {
      return {
        json: {
          trailList: trails.map(({ arn, homeRegion, multiRegion }) => ({
            Name: arn.split('/')[1],
            TrailARN: arn,
            HomeRegion: homeRegion,
            IsMultiRegionTrail: multiRegion,
          })),
        },
      };
    }
    const asked = trails.find(({ arn }) => arn === (body as { Name: string }).Name);
    return asked === undefined
      ? { status: 400, json: { __type: 'TrailNotFoundException' } }
      : { json: { IsLogging: asked.logging } };
  }),
);

test('says that it may not ask, and what that may hide', async () => {
  const trails = await cloudTrailOver(() => ({ status: 400, json: { __type: 'AccessDeniedException' } }));

  const verdict = await checkTrail(trails);

  expect(verdict).toMatchObject({ outcome: 'unknown' });
  expect(verdict).toHaveProperty('message', expect.stringContaining('DescribeTrails: AccessDeniedException'));
});

async function cloudTrailOver(answer: (request: Received) => LoopbackAnswer) {
  const server = await loopbackAws(answer);
  onTestFinished(() => server.stop());
  const credentials = { accessKeyId: 'local', secretAccessKey: 'local' };
  return cloudTrail({ endpoint: server.endpoint, region: 'eu-west-1', credentials, attempts: 1 });
}
