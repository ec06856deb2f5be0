import type { Command, Deps } from './command.ts';
import { checkNamedSecrets } from './doctor/check-named-secrets.ts';
import { checkMail } from './doctor/check-mail.ts';
import { checkProviders } from './doctor/check-providers.ts';
import { checkQueues } from './doctor/check-queues.ts';
import { checkSecrets } from './doctor/check-secrets.ts';
import { checkSlack } from './doctor/check-slack.ts';
import { checkStage, isNotDeployed } from './doctor/check-stage.ts';
import { checkSubscribers } from './doctor/check-subscribers.ts';
import { checkTrail } from './doctor/check-trail.ts';
import { ok, type Finding } from './doctor/finding.ts';
import type { Check } from './doctor/ports.ts';

/** What can be asked before a stage is deployed, and what only afterwards. */
const before: readonly Check[] = [checkNamedSecrets, checkTrail, checkMail, checkSlack];
const after: readonly Check[] = [checkQueues, checkProviders, checkSubscribers, checkSecrets];

export const doctor: Command = {
  name: 'doctor',
  summary: 'What is not as it has to be: stage, queues, trail, mail, Slack, providers, secrets',
  usage: '',
  details: [
    'Only looks, and changes nothing. What the caller may not look at is a warning that names the permission.',
    'Each line says what to do next. Exit code 1 if there is a problem; warnings alone are 0.',
    'To see everything: secretsmanager:ListSecrets, DescribeSecret, ListSecretVersionIds, and GetSecretValue on the Slack token;',
    'lambda:GetFunctionConfiguration, and InvokeFunction on the issue functions (of kind custom on both); events:DescribeEventBus; dynamodb:DescribeTable;',
    'sqs:GetQueueUrl and GetQueueAttributes; ssm:GetParameter; cloudwatch:GetMetricStatistics; cloudtrail:DescribeTrails and',
    'GetTrailStatus; ses:GetAccount and GetEmailIdentity.',
  ].join('\n'),
  options: {},
  async run(_call, deps, console) {
    const findings: Finding[] = [ok('configuration', `stage ${deps.config.stage}, without a mistake`)];
    console.note(`Looking at stage ${deps.config.stage} …`);
    const stage = await checkStage(deps);
    findings.push(...stage, ...(await all(before, deps)));
    if (!isNotDeployed(stage)) findings.push(...(await all(after, deps)));
    const count = (level: Finding['level']) => findings.filter((finding) => finding.level === level).length;
    const [problems, warnings] = [count('problem'), count('warning')];
    return {
      ok: problems === 0,
      lines: [
        ...findings.flatMap(describe),
        '',
        `${problems} problem${problems === 1 ? '' : 's'}, ${warnings} warning${warnings === 1 ? '' : 's'}.`,
      ],
      answer: { stage: deps.config.stage, problems, warnings, findings },
    };
  },
};

async function all(checks: readonly Check[], deps: Deps): Promise<readonly Finding[]> {
  const findings: Finding[] = [];
  for (const check of checks) findings.push(...(await check(deps)));
  return findings;
}

const words = { ok: 'ok      ', warning: 'WARNING ', problem: 'PROBLEM ' } as const;

function describe({ level, about, text, todo }: Finding): string[] {
  return [`${words[level]} ${about}: ${text}`, ...(todo === null ? [] : [`           → ${todo}`])];
}
