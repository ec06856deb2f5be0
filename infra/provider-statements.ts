import type { ProviderConfig, SshConfig } from '@keyturn/config/config';
import { documentName } from '@keyturn/ssh-adapter/host-document';

import { allow, localArn, sub, type Value } from './cloud-formation.ts';

/** What one of the two functions of an adapter is there for. */
export type Duty = 'issue' | 'retire';

/** One function of one provider. */
export type Place = { readonly stage: string; readonly id: string; readonly duty: Duty };

/** What an adapter may do on AWS because its provider is there, kind by kind; others need no more than their admin credential. */
export function providerStatements(provider: ProviderConfig, place: Place): readonly Value[] {
  switch (provider.kind) {
    case 'apigee':
      return [];
    case 'ssh':
      return sshStatements(provider, place);
  }
}

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
