import type { SshGroup } from '@keyturn/config/ssh-config';

/** What the function that issues may have done on a host, and what the one that retires may. */
export const operations = {
  issue: ['list', 'add', 'join', 'mark'],
  retire: ['list', 'disable', 'enable', 'remove'],
} as const;
export type Duty = keyof typeof operations;
export type Operation = (typeof operations)[Duty][number];

export const documentName = (stage: string, providerId: string, duty: Duty): string =>
  `keyturn-${stage}-${providerId}-${duty}`;

type Document = {
  readonly stage: string;
  readonly providerId: string;
  readonly duty: Duty;
  readonly groups: Readonly<Record<string, Pick<SshGroup, 'user' | 'file'>>>;
  /** Of authorized-keys.sh. */
  readonly script: string;
};

/**
 * The SSM document. Whoever sends it chooses an operation, a group and a public key; users and files stand in the document itself. Every pattern leaves out
 * what a shell gives a meaning to, as SSM puts parameters into the text of the script.
 */
export function hostDocument(document: Document) {
  const { duty, providerId } = document;
  const text = (description: string, allowedPattern: string) => ({ type: 'String', description, allowedPattern });
  return {
    schemaVersion: '2.2',
    description: `Keyturn: ${duty} SSH keys of provider ${providerId}`,
    parameters: {
      operation: { type: 'String', description: 'What to do', allowedValues: [...operations[duty]] },
      group: { type: 'String', description: 'Which hosts these are', allowedValues: Object.keys(document.groups) },
      key: {
        ...text('A public key, type and key', '^((ssh|ecdsa)-[a-z0-9-]+ [A-Za-z0-9+/]{1,2000}={0,2})?$'),
        default: '',
      },
      mark: { ...text('Whose key it is', '^[A-Za-z0-9/_-]{0,250}$'), default: '' },
      options: { ...text('Options of the line, in base64', '^[A-Za-z0-9+/]{0,4000}={0,2}$'), default: '' },
      before: { ...text('Seconds since 1970, after which nothing is changed', '^[0-9]{1,12}$'), default: '0' },
    },
    mainSteps: [
      {
        action: 'aws:runShellScript',
        name: 'authorizedKeys',
        precondition: { StringEquals: ['platformType', 'Linux'] },
        inputs: { timeoutSeconds: '60', runCommand: hostScript(document).split('\n') },
      },
    ],
  };
}

function hostScript({ stage, providerId, duty, groups, script }: Document): string {
  const cases = Object.entries(groups).map(
    ([id, { user, file }]) => `${id}) user='${user}' file='${file}' block='${stage}/${providerId}/${id}' ;;`,
  );
  return [
    '#!/bin/sh',
    ...['operation', 'group', 'key', 'mark', 'options', 'before'].map((name) => `${name}='{{ ${name} }}'`),
    // Twice, here and by SSM: who may destroy is nothing to leave to one check.
    `case $operation in ${operations[duty].join(' | ')}) ;; *) exit 63 ;; esac`,
    'case $group in',
    ...cases,
    '*) exit 63 ;;',
    'esac',
    script,
  ].join('\n');
}
