import type { OwnProviderConfig, SshConfig } from '@keyturn/config/config';
import { documentName } from '@keyturn/ssh-adapter/host-document';

import { allow, localArn, sub, type Value } from './cloud-formation.ts';

/** What one of the two functions of an adapter is there for. */
export type Duty = 'issue' | 'retire';

/** One function of one provider. */
export type Place = { readonly stage: string; readonly id: string; readonly duty: Duty };

/** What an adapter may do on AWS because its provider is there, kind by kind; others need no more than their admin credential. */
export function providerStatements(provider: OwnProviderConfig, place: Place): readonly Value[] {
  switch (provider.kind) {
    case 'apigee':
    case 'token':
      return [];
    case 'apigateway':
      return [lookAtKeys, ...(place.duty === 'issue' ? issueKeys(place.stage) : [endKeys(place.stage)])];
    case 'ssh':
      return sshStatements(provider, place);
  }
}

/** A path of API Gateway's own API. */
const path = (rest: string): Value => sub(`arn:\${AWS::Partition}:apigateway:\${AWS::Region}::${rest}`);

/** How every mark of this installation begins; packages/rotation/src/mark.ts. */
const ourMark = (stage: string): Value => sub(`keyturn/v1/\${AWS::AccountId}/\${AWS::Region}/${stage}/*`);

const lookAtKeys = allow('LookAtKeys', 'apigateway:GET', [
  path('/apikeys'),
  path('/apikeys/*'),
  path('/usageplans'),
  path('/usageplans/*'),
]);

const issueKeys = (stage: string): readonly Value[] => [
  // A key of ours bears its mark from the first moment.
  allow('MakeKeys', 'apigateway:POST', path('/apikeys'), { StringLike: { 'aws:RequestTag/keyturn': ourMark(stage) } }),
  // A new key that got more than the current one has is put right; a key itself nobody deletes here.
  allow('AttachKeys', 'apigateway:POST', path('/usageplans/*/keys')),
  allow('DetachKeys', 'apigateway:DELETE', path('/usageplans/*/keys/*')),
  // AWS asks for both to write a tag. PATCH would let a key be switched off, too: never one with the mark of somebody else.
  allow(
    'TagKeys',
    'apigateway:PUT',
    path('/tags/arn%3A${AWS::Partition}%3Aapigateway%3A${AWS::Region}%3A%3A%2Fapikeys%2F*'),
  ),
  allow('MarkKeys', 'apigateway:PATCH', path('/apikeys/*'), {
    StringLikeIfExists: { 'aws:ResourceTag/keyturn': ourMark(stage) },
  }),
];

const endKeys = (stage: string): Value =>
  allow('EndKeys', ['apigateway:PATCH', 'apigateway:DELETE'], path('/apikeys/*'), {
    StringLike: { 'aws:ResourceTag/keyturn': ourMark(stage) },
  });

// Which operations there are, and for which users and files, is in the document of each function; on which hosts is here.
function sshStatements({ groups }: SshConfig, { stage, id, duty }: Place): readonly Value[] {
  const hosts = [sub(localArn('ec2', 'instance/*')), sub(localArn('ssm', 'managed-instance/*'))];
  return [
    allow('UseDocument', 'ssm:SendCommand', sub(localArn('ssm', `document/${documentName(stage, id, duty)}`))),
    ...Object.values(groups).map(({ tag }, index) =>
      allow(`CommandHosts${index + 1}`, 'ssm:SendCommand', hosts, {
        StringEquals: { [`ssm:resourceTag/${tag.key}`]: tag.values },
      }),
    ),
    // AWS knows no resource for these.
    allow(
      'HearHosts',
      ['ssm:DescribeInstanceInformation', 'ssm:ListCommandInvocations', 'ssm:GetCommandInvocation'],
      '*',
    ),
  ];
}
