import { readFileSync } from 'node:fs';
import { join } from 'node:path';

import type { Config } from '@keyturn/config/config';
import { documentName, hostDocument } from '@keyturn/ssh-adapter/host-document';

import { adapters } from './adapters.ts';
import { logicalId, type Resource, type Resources } from './cloud-formation.ts';

const script = readFileSync(join(import.meta.dirname, '../services/ssh-adapter/src/authorized-keys.sh'), 'utf8');

/** What hosts run, for each function of each provider of SSH keys: one document that issues, and one that retires. */
export function hostDocuments(config: Config): Resources {
  const { stage } = config;
  return Object.fromEntries(
    adapters(config).flatMap(({ id, provider, duty }): [string, Resource][] => {
      if (provider.kind !== 'ssh') return [];
      const content = hostDocument({ stage, providerId: id, duty, groups: provider.groups, script: escaped(script) });
      const Properties = {
        Name: documentName(stage, id, duty),
        DocumentType: 'Command',
        DocumentFormat: 'JSON',
        TargetType: '/',
        // A document with a name of its own cannot be replaced. AWS says of this value that "the default version of the document is changed to the newly created version"
        // (https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/aws-resource-ssm-document.html#cfn-ssm-document-updatemethod), but it has been seen not to be
        // (https://github.com/aws-cloudformation/cloudformation-coverage-roadmap/issues/2539). So the adapter asks for the latest version.
        UpdateMethod: 'NewVersion',
        Content: content,
      };
      return [[`${logicalId(id)}${logicalId(duty)}Document`, { Type: 'AWS::SSM::Document', Properties }]];
    }),
  );
}

// For osls a dollar sign and a brace begin a variable of its own.
const escaped = (text: string): string => text.replaceAll('${', '\\${');
