/** What CloudFormation accepts as a value; `Ref`, `Fn::GetAtt` and `Fn::Sub` are objects. */
export type Value = string | number | boolean | readonly Value[] | { readonly [key: string]: Value };

export type Resource = { readonly Type: string; readonly Properties: { readonly [key: string]: Value } };
export type Resources = Readonly<Record<string, Resource>>;

export const sub = (text: string): Value => ({ 'Fn::Sub': text });
export const ref = (logicalId: string): Value => ({ Ref: logicalId });
export const arnOf = (logicalId: string): Value => ({ 'Fn::GetAtt': [logicalId, 'Arn'] });

/** Two ids never share a logical id: `a-1` and `a1` do not become the same. */
export const logicalId = (id: string): string => capital(id.replaceAll('-', 'Dash'));

/** `service:rest`, in the account and Region of the stack. */
export const localArn = (service: string, rest: string): string =>
  `arn:\${AWS::Partition}:${service}:\${AWS::Region}:\${AWS::AccountId}:${rest}`;

/** A secret by name or ARN. Secrets Manager ends an ARN with a dash and six characters that nobody chooses. */
const secretArn = (nameOrArn: string): Value =>
  nameOrArn.startsWith('arn:') ? nameOrArn : sub(localArn('secretsmanager', `secret:${nameOrArn}-??????`));

export function allow(Sid: string, Action: Value, Resource: Value, Condition?: Value): Value {
  return { Sid, Effect: 'Allow', Action, Resource, ...(Condition === undefined ? {} : { Condition }) };
}

/** To read a secret that is named in the configuration: `Read<what>`, `UseKeyOf<what>`. */
export function readSecret(what: string, nameOrArn: string): readonly Value[] {
  const secret = secretArn(nameOrArn);
  return [
    allow(`Read${what}`, 'secretsmanager:GetSecretValue', secret),
    allow(`UseKeyOf${what}`, 'kms:Decrypt', sub(localArn('kms', 'key/*')), {
      StringEquals: { 'kms:ViaService': sub('secretsmanager.${AWS::Region}.amazonaws.com') },
      StringLike: { 'kms:EncryptionContext:SecretARN': secret },
    }),
  ];
}

export function role(service: string, PolicyName: string, statements: readonly Value[], Condition?: Value): Resource {
  const trust = { Effect: 'Allow', Principal: { Service: service }, Action: 'sts:AssumeRole' };
  return {
    Type: 'AWS::IAM::Role',
    Properties: {
      AssumeRolePolicyDocument: {
        Version: '2012-10-17',
        Statement: [Condition === undefined ? trust : { ...trust, Condition }],
      },
      Policies: [{ PolicyName, PolicyDocument: { Version: '2012-10-17', Statement: statements } }],
    },
  };
}

const capital = (text: string): string => text.charAt(0).toUpperCase() + text.slice(1);
