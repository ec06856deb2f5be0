import { writeFile } from 'node:fs/promises';

import { readScenario, WrongCall } from './read-call.ts';
import { readOptions } from './read-options.ts';
import { runKeyturn } from './run-keyturn.ts';
import { startSandbox } from './sandbox.ts';
import { defaultScenario, listScenarios } from './scenarios.ts';
import type { Scenario } from './simulated-provider.ts';

const help = `pnpm sandbox [--provider NAME] [--port PORT] [--bare] [--env FILE]

A local AWS with Keyturn deployed on it, a provider and a Slack, all on 127.0.0.1, until Ctrl-C. It has one secret, such as orders/apigee, with a
hand-made key. It is adopted, and rotates every few minutes. The one line on standard output is JSON: endpoints, credentials, environment.

  --provider  whose key it is, one of the providers below; ${defaultScenario.name} unless given
  --port      of the AWS endpoint; a free one if left out
  --bare      leave the secret as a person made it: adopting it is yours. Grace and soak are seconds, so that you see the end
  --env       write the environment into a file for your shell: . FILE

  aws --endpoint-url http://127.0.0.1:PORT secretsmanager list-secrets

Providers:
${listScenarios()}`;

const timings = { graceMs: 60_000, soakMs: 30_000, propagationMs: 4500, revocationMs: 1500, readerCacheMs: 30_000 };
const practiceTimings = { graceMs: 6000, soakMs: 1500, propagationMs: 1500, revocationMs: 1000, readerCacheMs: 2000 };
const nodes = [
  { propagationMs: 200, revocationMs: 300, negativeMs: 300 },
  { propagationMs: 500, revocationMs: 800, negativeMs: 300 },
  { propagationMs: 4000, revocationMs: 1200, negativeMs: 300 },
];
const practiceNodes = nodes.map((node) => ({ ...node, propagationMs: node.propagationMs / 4, revocationMs: 300 }));
/** rate(4 hours) comes round every 3 minutes. */
const scheduleSpeed = 80;
const sweepEveryMs = 5000;

const values = readOptions(
  {
    provider: { type: 'string' },
    port: { type: 'string' },
    bare: { type: 'boolean' },
    env: { type: 'string' },
    help: { type: 'boolean' },
  },
  help,
);
if (values === undefined) {
  process.exitCode = 2;
} else if (values.help === true) {
  process.stdout.write(help);
} else {
  await serve(values);
}

type Wishes = { readonly provider?: string; readonly port?: string; readonly bare?: boolean; readonly env?: string };

async function serve({ provider: name, port: wanted, bare = false, env }: Wishes): Promise<void> {
  const scenario = chosen(name);
  if (scenario === undefined) return;
  const port = wanted === undefined ? undefined : Number(wanted);
  if (port !== undefined && !(Number.isInteger(port) && port >= 0 && port < 65_536)) {
    process.stderr.write(`sandbox: --port is a number below 65536\n\n${help}`);
    process.exitCode = 2;
    return;
  }
  const stopping = new Promise<void>((resolve) => {
    for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => resolve());
  });
  const pace = bare
    ? { timings: practiceTimings, nodes: practiceNodes, sweepEveryMs: 1000 }
    : { timings, nodes, sweepEveryMs };
  const sandbox = await startSandbox({ port, scenario, scheduleSpeed, ...pace }).catch(explainPort);
  if (sandbox === undefined) return;
  try {
    const { environment, secretName, adoption, aws, provider, slack } = sandbox;
    if (!bare) await runKeyturn(adoption, environment);
    if (env !== undefined) await writeFile(env, exportsOf(environment));
    process.stdout.write(
      `${JSON.stringify({
        aws: {
          endpoint: aws.url,
          region: aws.region,
          account: aws.account,
          accessKeyId: 'local',
          secretAccessKey: 'local',
        },
        secret: secretName,
        mails: `${aws.url}/_local/mails`,
        [scenario.providerId]: provider.endpoints,
        slack: { apiUrl: slack.apiUrl, token: slack.token, channel: slack.channel },
        environment,
      })}\n`,
    );
    process.stderr.write('Ready. Ctrl-C ends it.\n');
    await stopping;
  } finally {
    await sandbox.close();
  }
}

function chosen(name: string | undefined): Scenario | undefined {
  try {
    return readScenario(name);
  } catch (error) {
    if (!(error instanceof WrongCall)) throw error;
    process.stderr.write(`sandbox: ${error.message}\n\n${help}`);
    process.exitCode = 2;
  }
}

// Quoted for a POSIX shell.
function exportsOf(environment: Readonly<Record<string, string>>): string {
  const quoted = (value: string) => `'${value.replaceAll("'", String.raw`'\''`)}'`;
  return Object.entries(environment)
    .map(([name, value]) => `export ${name}=${quoted(value)}\n`)
    .join('');
}

function explainPort(error: unknown): undefined {
  if (!(error instanceof Error && 'code' in error && error.code === 'EADDRINUSE')) throw error;
  process.stderr.write('sandbox: the port is in use; choose another one with --port\n');
  process.exitCode = 1;
}
