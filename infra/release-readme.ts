import type { Config } from '@keyturn/config/config';

import { parameters } from './parameters.ts';

/** How a release is deployed: commands that run as they stand. */
export function releaseReadme(config: Config, version: string, prefix: string): string {
  const { stage, deployment } = config;
  const tags = Object.entries(deployment.tags).map(([name, value]) => `${quoted(name)}=${quoted(value)}`);
  const overrides = Object.entries(parameters(config)).map(([name, { Default }]) => `${name}=${quoted(`${Default}`)}`);
  return `# Keyturn ${version}, stage ${stage}

All it takes to deploy this stage with the AWS CLI, without the repository it came from.

| file | what it is |
| --- | --- |
| \`template.json\` | the CloudFormation template |
| \`functions/\` | a zip for each function, named by its content; each holds the configuration |
| \`keyturn.yaml\` | the configuration that is in them, for the command line |
| \`keyturn.mjs\` | the command line, on Node 20.19 or newer: \`node keyturn.mjs --help\` |
| \`sbom.cdx.json\` | what it is made of (CycloneDX), where it could be written |
| \`SHA256SUMS\` | checksums of all of it: \`sha256sum --check SHA256SUMS\` |

## Deploy

\`BUCKET\` is a bucket of yours in the Region of the stage. The caller needs to write to it, and to create what the template holds.

\`\`\`sh
export AWS_REGION=eu-central-1 BUCKET=my-artifacts
sha256sum --check SHA256SUMS
aws s3 cp functions/ "s3://$BUCKET/${prefix}/" --recursive
aws cloudformation deploy \\
  --stack-name keyturn-${stage} \\
  --template-file template.json --s3-bucket "$BUCKET" --s3-prefix ${prefix} \\
  --capabilities CAPABILITY_IAM \\${tags.length === 0 ? '' : `\n  --tags ${tags.join(' ')} \\`}
  --parameter-overrides ArtifactBucket="$BUCKET" ArtifactPrefix=${prefix} \\
    ${overrides.join(' \\\n    ')}
\`\`\`

The overrides are what the configuration says; change them here if the account asks for something else, an empty one is not used. All are given,
because a stack that is there keeps the value of a parameter that is not. To see first what would change, add \`--no-execute-changeset\`.

Another configuration is another release: the zips hold it.

## Afterwards

\`\`\`sh
export KEYTURN_CONFIG=keyturn.yaml
node keyturn.mjs doctor
node keyturn.mjs status
aws ssm get-parameters-by-path --path /keyturn/${stage} --recursive --query 'Parameters[].[Name,Value]' --output text
\`\`\`

\`doctor\` looks at everything that has to be right, and says whether a CloudTrail trail logs in this Region: without one, a rotation handler that
dies is noticed late.

## Go back

Deploy the release before, with the same commands. Keep it: its zips have names of their own, so both can lie in one bucket.
`;
}

const quoted = (text: string): string =>
  /^[\w.:/+@-]*$/.test(text) ? text : `'${text.replaceAll("'", String.raw`'\''`)}'`;
