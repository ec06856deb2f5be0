import { checkTrail as askTrail } from '@keyturn/aws/trail';

import { ask, ok, problem, warning } from './finding.ts';
import type { Check } from './ports.ts';

export const checkTrail: Check = ({ doctor: { trails } }) =>
  ask('CloudTrail', 'cloudtrail:DescribeTrails and cloudtrail:GetTrailStatus', async () => {
    const verdict = await askTrail(await trails());
    if (verdict.outcome === 'recorded') return [ok('CloudTrail', `${verdict.trail} records in this Region`)];
    if (verdict.outcome === 'missing') {
      return [
        problem(
          'CloudTrail',
          verdict.message,
          'Have a trail with management events record this Region, with logging on.',
        ),
      ];
    }
    return [
      warning(
        'CloudTrail',
        verdict.message,
        'Let whoever runs this have cloudtrail:DescribeTrails and cloudtrail:GetTrailStatus.',
      ),
    ];
  });
