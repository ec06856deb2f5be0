/**
 * The SSM parameters in which a stage tells what it consists of, for Terraform and for whoever looks after it. They hold names and addresses,
 * never a secret; the fleet flag (`resourceNames`) is beside them.
 */
export function stageParameters(stage: string) {
  const base = `/keyturn/${stage}`;
  return {
    version: `${base}/version`,
    runbooks: `${base}/runbooks`,
    busName: `${base}/bus/name`,
    busArn: `${base}/bus/arn`,
    table: `${base}/table`,
    alarmTopicArn: `${base}/alarm-topic/arn`,
    /** The ARN that a secret's rotation has to name. */
    rotationHandlerArn: `${base}/rotation-handler/arn`,
    /** URL of a queue, such as `announcer` or `announcer-dlq`. */
    queueUrl: (queue: string) => `${base}/queues/${queue}/url`,
    issueFunction: (providerId: string) => `${base}/providers/${providerId}/issue`,
    retireFunction: (providerId: string) => `${base}/providers/${providerId}/retire`,
  };
}
