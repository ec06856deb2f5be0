import { DescribeTableCommand } from '@aws-sdk/client-dynamodb';
import { DescribeEventBusCommand } from '@aws-sdk/client-eventbridge';
import { GetFunctionConfigurationCommand } from '@aws-sdk/client-lambda';
import { GetQueueAttributesCommand, GetQueueUrlCommand } from '@aws-sdk/client-sqs';
import { GetParameterCommand } from '@aws-sdk/client-ssm';

import { awsCall } from './aws-call.ts';
import { ourError, type AwsError } from './aws-error.ts';
import type { AwsClients } from './clients.ts';
import type { StageReader } from './stage-reader.ts';

type Clients = Pick<AwsClients, 'dynamo' | 'eventBridge' | 'lambda' | 'sqs' | 'ssm'>;

/**
 * Needs `lambda:GetFunctionConfiguration`, `events:DescribeEventBus`, `dynamodb:DescribeTable`, `sqs:GetQueueUrl`, `sqs:GetQueueAttributes` and
 * `ssm:GetParameter`.
 */
export function sdkStageReader(clients: Clients): StageReader {
  return {
    async functionFacts(name) {
      const command = new GetFunctionConfigurationCommand({ FunctionName: name });
      const answer = await awsCall('GetFunctionConfiguration', () => clients.lambda().send(command), absent);
      const { FunctionArn: arn = '', Runtime: runtime = '', State: state = '' } = answer ?? {};
      return answer && { arn, runtime, state };
    },
    async bus(name) {
      const command = new DescribeEventBusCommand({ Name: name });
      const answer = await awsCall('DescribeEventBus', () => clients.eventBridge().send(command), absent);
      return answer?.Arn;
    },
    async table(name) {
      const command = new DescribeTableCommand({ TableName: name });
      const answer = await awsCall('DescribeTable', () => clients.dynamo().send(command), absent);
      return answer?.Table?.TableStatus;
    },
    async queue(name) {
      const find = new GetQueueUrlCommand({ QueueName: name });
      const found = await awsCall('GetQueueUrl', () => clients.sqs().send(find), absent);
      if (found === undefined) return undefined;
      const command = new GetQueueAttributesCommand({
        QueueUrl: found.QueueUrl,
        AttributeNames: ['ApproximateNumberOfMessages', 'ApproximateNumberOfMessagesNotVisible'],
      });
      const answer = await awsCall('GetQueueAttributes', () => clients.sqs().send(command), absent);
      const { ApproximateNumberOfMessages: waiting, ApproximateNumberOfMessagesNotVisible: underWay } =
        answer?.Attributes ?? {};
      return answer && { waiting: Number(waiting ?? 0), underWay: Number(underWay ?? 0) };
    },
    async parameter(name) {
      const command = new GetParameterCommand({ Name: name });
      return (await awsCall('GetParameter', () => clients.ssm().send(command), absent))?.Parameter?.Value;
    },
  };
}

// By any service's name for it, SQS's older one included.
const missing = /^(ResourceNotFound|QueueDoesNotExist|ParameterNotFound|AWS\.SimpleQueueService\.NonExistentQueue)/;

function absent(failure: AwsError): undefined {
  if (missing.test(failure.code)) return undefined;
  throw ourError(failure);
}
