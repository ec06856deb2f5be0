import type { StageReader } from '@keyturn/aws/stage-reader';

import { expectedStage } from './expected-stage.ts';
import { ask, ok, problem, warning, type Finding } from './finding.ts';
import type { Check } from './ports.ts';

const deploy =
  'Deploy it (README, "Package and deploy"), or name the account, Region and configuration of the stage that you mean.';

/** Functions, bus, table and fleet flag. The first finding alone where nothing of the stage is there. */
export const checkStage: Check = async ({ config, doctor: { stage } }) => {
  const expected = expectedStage(config);
  const functions = await ask('functions', 'lambda:GetFunctionConfiguration', () => checkFunctions(expected, stage));
  const others = [
    ...(await ask('event bus', 'events:DescribeEventBus', async () => [
      found('event bus', expected.bus, await stage.bus(expected.bus)),
    ])),
    ...(await ask('ledger', 'dynamodb:DescribeTable', async () => [
      found('ledger', expected.table, await stage.table(expected.table)),
    ])),
  ];
  const all = [...functions, ...others];
  if (all.every((finding) => isMissing(finding))) {
    return [problem('stage', `${config.stage} is not deployed in this account and Region`, deploy)];
  }
  return [...all, ...(await ask('fleet', 'ssm:GetParameter', async () => [await checkFleet(expected, stage)]))];
};

/** Whether a stage was found not deployed at all: what needs one is not asked then. */
export function isNotDeployed(findings: readonly Finding[]): boolean {
  return findings.some(({ about, level }) => about === 'stage' && level === 'problem');
}

type Expected = ReturnType<typeof expectedStage>;

async function checkFunctions({ functions, runtime }: Expected, stage: StageReader): Promise<readonly Finding[]> {
  const facts = [];
  for (const name of functions) facts.push([name, await stage.functionFacts(name)] as const);
  const gone = facts.flatMap(([name, fact]) => (fact === undefined ? [name] : []));
  if (gone.length === facts.length) return [missing('functions', functions.join(', '))];
  const wrong = facts.flatMap(([name, fact]) => {
    if (fact === undefined) return [missing('functions', name)];
    if (fact.runtime !== runtime) {
      return [problem('functions', `${name} runs on ${fact.runtime} and not on ${runtime}`, 'Deploy the stage again.')];
    }
    if (fact.state === 'Active') return [];
    return [
      warning('functions', `${name} is ${fact.state}`, 'Ask again in a minute; then look at it in the Lambda console.'),
    ];
  });
  return wrong.length > 0 ? wrong : [ok('functions', `all ${facts.length} are there, on ${runtime}`)];
}

function found(about: string, name: string, what: string | undefined): Finding {
  return what === undefined ? missing(about, name) : ok(about, `${name} is there`);
}

function missing(about: string, name: string): Finding {
  return problem(about, `not there: ${name}`, 'Deploy the stage again.');
}

const isMissing = ({ level, text }: Finding): boolean => level === 'problem' && text.startsWith('not there: ');

async function checkFleet({ fleetParameter }: Expected, stage: StageReader): Promise<Finding> {
  const value = await stage.parameter(fleetParameter);
  if (value === 'running') return ok('fleet', 'running');
  const why = value === undefined ? `the parameter ${fleetParameter} is not there, which counts as paused` : 'paused';
  return warning(
    'fleet',
    `${why}: no key is switched off or deleted`,
    'Run "keyturn resume" when the reason for the pause is gone.',
  );
}
