import * as z from 'zod';

const resource = z.looseObject({ Type: z.string(), Properties: z.record(z.string(), z.unknown()).default({}) });
const sections = z.record(z.string(), z.unknown());
const compiled = z.looseObject({
  Parameters: sections,
  Resources: z.record(z.string(), resource),
  Outputs: sections,
});
const code = z.object({ S3Key: z.string() });

/** Beside what a stage takes (parameters.ts): where its zips are. */
const artifacts = (prefix: string) => ({
  ArtifactBucket: {
    Type: 'String',
    Description: 'Bucket that holds the zips, in the Region of the stack',
    AllowedPattern: '^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$',
  },
  ArtifactPrefix: {
    Type: 'String',
    Default: prefix,
    Description: 'What the keys of the zips begin with, without a slash at either end',
    AllowedPattern: '^[^/].*[^/]$',
  },
});

const ofFramework = 'ServerlessDeploymentBucket';

type Options = {
  readonly prefix: string;
  /** Name of the zip in the release, by its name in the package. */
  readonly zip: (packaged: string) => string;
};

/** The template that osls compiled, for `aws cloudformation deploy`: without the bucket of osls, with the zips where parameters say. */
export function releaseTemplate(source: unknown, { prefix, zip }: Options): unknown {
  const { Resources, Outputs, Parameters, ...rest } = compiled.parse(source);
  const others = Object.entries(Resources).filter(([id]) => !id.startsWith(ofFramework));
  return {
    ...rest,
    Parameters: { ...artifacts(prefix), ...Parameters },
    Resources: Object.fromEntries(others.map(([id, one]) => [id, isFunction(one) ? relocated(one, zip) : one])),
    Outputs: Object.fromEntries(Object.entries(Outputs).filter(([id]) => !id.startsWith(ofFramework))),
  };
}

type Resource = z.output<typeof resource>;

const isFunction = ({ Type }: Resource): boolean => Type === 'AWS::Lambda::Function';

function relocated(fn: Resource, zip: Options['zip']): Resource {
  const { S3Key } = code.parse(fn.Properties['Code']);
  const name = zip(S3Key.split('/').at(-1) ?? S3Key);
  const Code = { S3Bucket: { Ref: 'ArtifactBucket' }, S3Key: { 'Fn::Sub': `\${ArtifactPrefix}/${name}` } };
  return { ...fn, Properties: { ...fn.Properties, Code } };
}
