import type { Config } from '@keyturn/config/config';
import { source } from '@keyturn/events/define-event';
import { VersionAdopted } from '@keyturn/events/version-adopted';

import { allow, arnOf, ref, sub, type Resources, type Value } from './cloud-formation.ts';

/** The accounts whose readers tell which version they use may put that one event on the bus; nobody else may put any. Nothing where no reader does. */
export function busPolicy({ readers }: Config): Resources {
  const accounts = new Set(Object.values(readers).flatMap(({ acknowledges }) => acknowledges?.accounts ?? []));
  if (accounts.size === 0) return {};
  const sid = 'TakeVersionAdopted';
  const statement = allow(sid, 'events:PutEvents', arnOf('Bus'), {
    Null: { 'events:source': 'false' },
    'ForAllValues:StringEquals': { 'events:source': source },
    StringEquals: { 'events:detail-type': VersionAdopted.type },
  });
  const roots = [...accounts].toSorted().map((account): Value => sub(`arn:\${AWS::Partition}:iam::${account}:root`));
  return {
    BusPolicy: {
      Type: 'AWS::Events::EventBusPolicy',
      Properties: {
        EventBusName: ref('Bus'),
        StatementId: sid,
        Statement: Object.assign({}, statement, { Principal: { AWS: roots } }),
      },
    },
  };
}
