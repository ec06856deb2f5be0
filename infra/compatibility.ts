import type { Config } from '@keyturn/config/config';

import { allow, localArn, ref, sub, type Resources } from './cloud-formation.ts';

/** What the announcer needs to tell of a change on the default bus too, as the Python package expects it; nothing where nobody asks for that. */
export function compatibilityPolicy({ compatibility }: Config): Resources {
  if (!compatibility.secretRotation) return {};
  const statement = allow('AnnounceAsBefore', 'events:PutEvents', sub(localArn('events', 'event-bus/default')), {
    Null: { 'events:source': 'false' },
    'ForAllValues:StringEquals': { 'events:source': 'secretsmanager' },
    StringEquals: { 'events:detail-type': 'Secret Rotation' },
  });
  return {
    AnnouncerCompatibilityPolicy: {
      Type: 'AWS::IAM::Policy',
      Properties: {
        PolicyName: 'compatibility',
        Roles: [ref('AnnouncerRole')],
        PolicyDocument: { Version: '2012-10-17', Statement: [statement] },
      },
    },
  };
}
