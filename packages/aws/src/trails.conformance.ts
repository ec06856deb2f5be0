import { describe, expect, test } from 'vitest';

import type { MemoryTrail } from './memory-trails.ts';
import type { Trails } from './trail.ts';

const region = 'eu-west-1';
const here = { arn: arnIn(region, 'here'), homeRegion: region, multiRegion: false, logging: false };
const everywhere = {
  arn: arnIn('us-east-1', 'everywhere'),
  homeRegion: 'us-east-1',
  multiRegion: true,
  logging: true,
};

/** What both the trails in memory and CloudTrail's own keep to. */
export function testTrails(name: string, make: (region: string, trails: readonly MemoryTrail[]) => Promise<Trails>) {
  describe(`trails: ${name}`, () => {
    test('lists the trails of its Region and the shadows of others', async () => {
      const trails = await make(region, [here, everywhere]);

      expect(trails.region).toBe(region);
      expect(await trails.list()).toEqual(
        [here, everywhere].map(({ arn, homeRegion, multiRegion }) => ({ arn, homeRegion, multiRegion })),
      );
    });

    test('tells by its ARN whether a trail is logging', async () => {
      const trails = await make(region, [here, everywhere]);

      expect(await trails.isLogging(here.arn)).toBe(false);
      expect(await trails.isLogging(everywhere.arn)).toBe(true);
    });
  });
}

function arnIn(of: string, name: string): string {
  return `arn:aws:cloudtrail:${of}:111122223333:trail/${name}`;
}
