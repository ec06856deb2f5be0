import { checkTrail as askTrail } from '@keyturn/aws/trail';

import { ask, ok, problem, warning } from './finding.ts';
import type { Check } from './ports.ts';

const permission = 'cloudtrail:DescribeTrails and cloudtrail:GetTrailStatus';

export const checkTrail: Check = ({ doctor: { trails } }) =>
  ask('CloudTrail', permission, async () => {
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
    const denied = /AccessDenied|NotAuthorized/.test(verdict.message);
    return [
      warning('CloudTrail', verdict.message, denied ? `Let whoever runs this have ${permission}.` : 'Try again.'),
    ];
  });
