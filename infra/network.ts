import type { NetworkConfig } from '@keyturn/config/network-config';

import { allow, localArn, readSecrets, sub, type Value } from './cloud-formation.ts';

type Placement = {
  readonly vpc?: { readonly subnetIds: readonly string[]; readonly securityGroupIds: readonly string[] };
};

/** Where a function is placed: in subnets, or nowhere in particular. */
export function placement({ subnets, securityGroups }: NetworkConfig): Placement {
  return subnets.length === 0 ? {} : { vpc: { subnetIds: subnets, securityGroupIds: securityGroups } };
}

/** The credentials of its proxy, where it has some. */
export function proxyStatements({ proxySecret }: NetworkConfig): readonly Value[] {
  return readSecrets('ProxyCredential', proxySecret === undefined ? [] : [proxySecret]);
}

const describing = ['ec2:DescribeNetworkInterfaces', 'ec2:DescribeSubnets'];
const assigning = ['ec2:AssignPrivateIpAddresses', 'ec2:UnassignPrivateIpAddresses'];

/**
 * What Lambda does by a function's role to place it in a VPC; nothing where it is not. The function's own code may do none of it: calls that it
 * makes, and only those, bear `lambda:SourceFunctionArn`.
 */
export function placementStatements(
  { subnets, securityGroups }: NetworkConfig,
  functionName: string,
): readonly Value[] {
  if (subnets.length === 0) return [];
  const interfaces = sub(localArn('ec2', 'network-interface/*'));
  return [
    allow('CreateInterfaces', 'ec2:CreateNetworkInterface', [
      interfaces,
      // A shared subnet bears the account of its owner.
      ...subnets.map((id) => sub(`arn:\${AWS::Partition}:ec2:\${AWS::Region}:*:subnet/${id}`)),
      ...securityGroups.map((id) => sub(`arn:\${AWS::Partition}:ec2:\${AWS::Region}:*:security-group/${id}`)),
    ]),
    // Not more narrowly: Lambda refuses the role where it cannot delete any interface of the account.
    allow('DeleteInterfaces', 'ec2:DeleteNetworkInterface', sub(localArn('ec2', '*/*'))),
    allow('AssignAddresses', assigning, interfaces),
    // AWS knows no resource for what describes.
    allow('LookAtInterfaces', describing, '*'),
    {
      Sid: 'NotByItsOwnCode',
      Effect: 'Deny',
      Action: ['ec2:CreateNetworkInterface', 'ec2:DeleteNetworkInterface', ...assigning, ...describing],
      Resource: '*',
      Condition: { ArnEquals: { 'lambda:SourceFunctionArn': sub(localArn('lambda', `function:${functionName}`)) } },
    },
  ];
}
