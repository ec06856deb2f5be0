import { readFileSync } from 'node:fs';

import { awsClients } from '@keyturn/aws/clients';
import { cloudTrail } from '@keyturn/aws/cloud-trail';
import { cloudWatchAges } from '@keyturn/aws/cloud-watch-ages';
import { dynamoLedger } from '@keyturn/aws/dynamo-ledger';
import { eventBridgeBus } from '@keyturn/aws/event-bridge-bus';
import { lambdaInvoke } from '@keyturn/aws/lambda-invoke';
import { sdkSecretsManager } from '@keyturn/aws/sdk-secrets-manager';
import { sdkStageReader } from '@keyturn/aws/sdk-stage-reader';
import { secretStore } from '@keyturn/aws/secrets-manager-store';
import { sesAccount } from '@keyturn/aws/ses-account';
import { ssmFleet } from '@keyturn/aws/ssm-fleet';
import { versionDates } from '@keyturn/aws/version-dates';
import { adapterFunctions, resourceNames } from '@keyturn/config/names';
import { invokedIssueProvider, invokedRetireProvider } from '@keyturn/credential-provider/invoked-provider';
import { loadConfig } from '@keyturn/lambda/load-config';
import { systemClock } from '@keyturn/lambda/system-clock';
import { newId } from '@keyturn/lambda/system-random';

import type { Deps } from './command.ts';
import { slackBot } from './doctor/slack-bot.ts';
import { operatorName } from './operator.ts';
import { runCommand } from './run-command.ts';

const configFile = process.env['KEYTURN_CONFIG'] ?? 'config/example.yaml';

function connect(): Deps {
  const config = loadConfig(configFile);
  const endpoint = process.env['AWS_ENDPOINT_URL'];
  const clients = awsClients({ endpoint });
  const calls = sdkSecretsManager(clients.secretsManager());
  const invoke = lambdaInvoke(clients.lambda());
  const functions = adapterFunctions(config);
  const resources = resourceNames(config.stage);
  return {
    config,
    secrets: secretStore(calls),
    ledger: dynamoLedger({ client: clients.dynamo(), table: resources.table }),
    bus: eventBridgeBus({ client: clients.eventBridge(), busName: resources.bus, clock: systemClock }),
    fleet: ssmFleet({ client: clients.ssm(), parameter: resources.fleetParameter }),
    issue: (id) => invokedIssueProvider(invoke, functions.issue(id)),
    retire: (id) => invokedRetireProvider(invoke, functions.retire(id)),
    doctor: {
      stage: sdkStageReader(clients),
      queueAge: cloudWatchAges({ endpoint }, systemClock),
      mailAccount: sesAccount(clients.ses()),
      trails: () => cloudTrail({ endpoint }),
      versionDates: versionDates(calls),
      slackBot: slackBot(config.notifications.slack?.apiUrl ?? 'https://slack.com/api/'),
    },
    operator: operatorName(),
    clock: systemClock,
    newId,
  };
}

const console = {
  line: (text: string) => process.stdout.write(`${text}\n`),
  note: (text: string) => process.stderr.write(`${text}\n`),
  json: (answer: object) => process.stdout.write(`${JSON.stringify(answer)}\n`),
};
process.exitCode = await runCommand(process.argv.slice(2), connect, console, {
  path: configFile,
  read: (path) => readFileSync(path, 'utf8'),
});
