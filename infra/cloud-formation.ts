/** What CloudFormation accepts as a value; `Ref`, `Fn::GetAtt` and `Fn::Sub` are objects. */
export type Value = string | number | boolean | readonly Value[] | { readonly [key: string]: Value };

export type Resource = {
  readonly Type: string;
  /** Of the template: the resource is there only where it holds. */
  readonly Condition?: string;
  readonly Properties: { readonly [key: string]: Value };
};
export type Resources = Readonly<Record<string, Resource>>;

export const sub = (text: string): Value => ({ 'Fn::Sub': text });
export const ref = (logicalId: string): Value => ({ Ref: logicalId });
export const getAtt = (logicalId: string, attribute: string): Value => ({ 'Fn::GetAtt': [logicalId, attribute] });
export const arnOf = (logicalId: string): Value => getAtt(logicalId, 'Arn');

/** The value where a condition of the template holds, else another one, or nothing at all. */
export const ifSet = (condition: string, value: Value, otherwise: Value = ref('AWS::NoValue')): Value => ({
  'Fn::If': [condition, value, otherwise],
});

/** Two ids never share a logical id: `a-1` and `a1` do not become the same. */
export const logicalId = (id: string): string => capital(id.replaceAll('-', 'Dash'));

/** `service:rest`, in the account and Region of the stack. */
export const localArn = (service: string, rest: string): string =>
  `arn:\${AWS::Partition}:${service}:\${AWS::Region}:\${AWS::AccountId}:${rest}`;

/** A secret by name or ARN. Secrets Manager ends an ARN with a dash and six characters that nobody chooses. */
export const secretArn = (nameOrArn: string): Value =>
  nameOrArn.startsWith('arn:') ? nameOrArn : sub(localArn('secretsmanager', `secret:${nameOrArn}-??????`));

export function allow(Sid: string, Action: Value, Resource: Value, Condition?: Value): Value {
  return { Sid, Effect: 'Allow', Action, Resource, ...(Condition === undefined ? {} : { Condition }) };
}

/** To read secrets that are named in the configuration: `Read<what>`, `UseKeyOf<what>`; nothing where there are none. */
export function readSecrets(what: string, namesOrArns: readonly string[]): readonly Value[] {
  if (namesOrArns.length === 0) return [];
  const secrets = namesOrArns.map(secretArn);
  return [
    allow(`Read${what}`, 'secretsmanager:GetSecretValue', secrets),
    allow(`UseKeyOf${what}`, 'kms:Decrypt', sub(localArn('kms', 'key/*')), {
      StringEquals: { 'kms:ViaService': sub('secretsmanager.${AWS::Region}.amazonaws.com') },
      StringLike: { 'kms:EncryptionContext:SecretARN': secrets },
    }),
  ];
}

export function role(service: string, PolicyName: string, statements: readonly Value[], Condition?: Value): Resource {
  const trust = { Effect: 'Allow', Principal: { Service: service }, Action: 'sts:AssumeRole' };
  return {
    Type: 'AWS::IAM::Role',
    Properties: {
      Path: ref('RolePath'),
      PermissionsBoundary: ifSet('HasPermissionsBoundary', ref('PermissionsBoundary')),
      AssumeRolePolicyDocument: {
        Version: '2012-10-17',
        Statement: [Condition === undefined ? trust : { ...trust, Condition }],
      },
      Policies: [{ PolicyName, PolicyDocument: { Version: '2012-10-17', Statement: statements } }],
    },
  };
}

export const merge = (some: readonly Resources[]): Resources =>
  Object.fromEntries(some.flatMap((resources) => Object.entries(resources)));

export const capital = (text: string): string => text.charAt(0).toUpperCase() + text.slice(1);
