import {
  DescribeInstanceInformationCommand,
  GetCommandInvocationCommand,
  ListCommandInvocationsCommand,
  SendCommandCommand,
  type SSMClient,
} from '@aws-sdk/client-ssm';
import { awsCall } from '@keyturn/aws/aws-call';
import { TransientError } from '@keyturn/rotation/errors';

import type { HostAnswer, ManagedHost, Ssm, Tag } from './ssm.ts';

/** The least that SSM takes. */
const deliverySeconds = 30;

const targetOf = ({ key, values }: Tag) => ({ Key: `tag:${key}`, Values: [...values] });

export function sdkSsm(client: SSMClient): Ssm {
  return {
    async hosts(tag) {
      const hosts: ManagedHost[] = [];
      let NextToken: string | undefined;
      do {
        const command = new DescribeInstanceInformationCommand({ Filters: [targetOf(tag)], MaxResults: 50, NextToken });
        const page = await awsCall('DescribeInstanceInformation', () => client.send(command));
        for (const { InstanceId: id, PingStatus, IPAddress: address } of page.InstanceInformationList ?? []) {
          if (id !== undefined) hosts.push({ id, online: PingStatus === 'Online', address });
        }
        NextToken = page.NextToken;
      } while (NextToken !== undefined && NextToken !== '');
      return hosts;
    },

    async send({ document, tag, parameters }) {
      const command = new SendCommandCommand({
        DocumentName: document,
        // What was deployed last. Which version CloudFormation leaves as the default: infra/host-documents.ts.
        DocumentVersion: '$LATEST',
        Targets: [targetOf(tag)],
        Parameters: Object.fromEntries(Object.entries(parameters).map(([name, value]) => [name, [value]])),
        TimeoutSeconds: deliverySeconds,
        // Each host is asked, whatever another one says.
        MaxConcurrency: '100%',
        MaxErrors: '100%',
        Comment: 'Keyturn',
      });
      const id = (await awsCall('SendCommand', () => client.send(command))).Command?.CommandId;
      if (id === undefined) throw new TransientError('SendCommand: no command in the answer');
      return id;
    },

    async answers(commandId) {
      const answers: HostAnswer[] = [];
      let NextToken: string | undefined;
      do {
        const input = { CommandId: commandId, Details: true, MaxResults: 50, NextToken };
        const command = new ListCommandInvocationsCommand(input);
        const page = await awsCall('ListCommandInvocations', () => client.send(command));
        for (const { InstanceId: hostId, Status, CommandPlugins } of page.CommandInvocations ?? []) {
          if (hostId === undefined) continue;
          answers.push({ hostId, outcome: outcomeOf(Status), output: CommandPlugins?.[0]?.Output ?? '' });
        }
        NextToken = page.NextToken;
      } while (NextToken !== undefined && NextToken !== '');
      return answers;
    },

    async output(commandId, hostId) {
      const command = new GetCommandInvocationCommand({ CommandId: commandId, InstanceId: hostId });
      const answer = await awsCall('GetCommandInvocation', () => client.send(command));
      return answer.StandardOutputContent ?? '';
    },
  };
}

// https://docs.aws.amazon.com/systems-manager/latest/userguide/monitor-commands.html
function outcomeOf(status = 'unknown'): HostAnswer['outcome'] {
  switch (status) {
    case 'Success':
    case 'Failed':
      return 'answered';
    case 'Pending':
    case 'InProgress':
    case 'Delayed':
    case 'Cancelling':
      return 'waiting';
    default:
      return 'silent';
  }
}
