import { TransientError } from '@keyturn/rotation/errors';
import { expect, test } from 'vitest';

import { memoryTrails, type MemoryTrail } from './memory-trails.ts';
import { checkTrail } from './trail.ts';

const region = 'eu-west-1';
const trail = (more: Partial<MemoryTrail> = {}): MemoryTrail => ({
  arn: 'arn:aws:cloudtrail:eu-west-1:111122223333:trail/main',
  homeRegion: region,
  multiRegion: false,
  logging: true,
  ...more,
});

test.each([
  ['a trail of this Region', trail()],
  ['a trail of all Regions', trail({ homeRegion: 'us-east-1', multiRegion: true })],
])('%s that logs records the failures of rotations', async (_, recording) => {
  const off = trail({ arn: 'arn:aws:cloudtrail:eu-west-1:111122223333:trail/off', logging: false });

  const verdict = await checkTrail(memoryTrails(region, [off, recording]));

  expect(verdict).toEqual({ outcome: 'recorded', trail: recording.arn });
});

test.each([
  ['no trail at all', [], 'no CloudTrail trail records'],
  ["another Region's trail", [trail({ homeRegion: 'us-east-1' })], 'no CloudTrail trail records'],
  ['a trail that is switched off', [trail({ logging: false })], 'with logging off'],
])('%s is missing, and the message says what that hides', async (_, trails, said) => {
  const verdict = await checkTrail(memoryTrails(region, trails));

  expect(verdict).toMatchObject({ outcome: 'missing' });
  expect(verdict).toHaveProperty('message', expect.stringContaining(said));
  expect(verdict).toHaveProperty('message', expect.stringContaining('handler died'));
});

test('what AWS says instead of an answer is told and not thrown; a bug is thrown', async () => {
  const busy = memoryTrails(region, [], { failure: new TransientError('DescribeTrails: ThrottlingException') });
  const broken = memoryTrails(region, [], { failure: new TypeError('x is undefined') });

  expect(await checkTrail(busy)).toMatchObject({ outcome: 'unknown' });
  await expect(checkTrail(broken)).rejects.toThrow(TypeError);
});
