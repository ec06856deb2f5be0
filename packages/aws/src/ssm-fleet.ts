import { GetParameterCommand, PutParameterCommand, type SSMClient } from '@aws-sdk/client-ssm';

import { awsCall } from './aws-call.ts';
import { ourError, type AwsError } from './aws-error.ts';
import type { Fleet } from './fleet.ts';

type FleetOptions = { readonly client: SSMClient; readonly parameter: string };

/** The flag in a parameter. It is read each time: a pause has to hold at once, everywhere. */
export function ssmFleet({ client, parameter }: FleetOptions): Fleet {
  return {
    async paused() {
      const command = new GetParameterCommand({ Name: parameter });
      const answer = await awsCall(
        'GetParameter',
        () => client.send(command),
        (failure) => (failure.code === 'ParameterNotFound' ? undefined : refuse(failure)),
      );
      return answer?.Parameter?.Value !== 'running';
    },
    async set(state) {
      const command = new PutParameterCommand({ Name: parameter, Value: state, Type: 'String', Overwrite: true });
      await awsCall('PutParameter', () => client.send(command), refuse);
    },
  };
}

function refuse(failure: AwsError): never {
  throw ourError(failure, 'FLEET_PARAMETER');
}
