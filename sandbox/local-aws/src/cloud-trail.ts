import * as z from 'zod';

import { arn, type Place } from './arn.ts';
import { operation, type Operations } from './operation.ts';
import { ServiceError } from './service-error.ts';

/** One trail of this Region, with logging on: its events of rotations always come. */
export function cloudTrail(place: Place): Operations {
  const trail = arn(place, 'cloudtrail', 'trail/local');
  return {
    DescribeTrails: operation(z.object({}), () => ({
      trailList: [{ Name: 'local', TrailARN: trail, HomeRegion: place.region, IsMultiRegionTrail: false }],
    })),

    GetTrailStatus: operation(z.object({ Name: z.string() }), ({ Name }) => {
      if (Name !== trail && Name !== 'local') throw new ServiceError('TrailNotFoundException', `No trail ${Name}.`);
      return { IsLogging: true };
    }),
  };
}
