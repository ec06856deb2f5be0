import { expect, onTestFinished, test } from 'vitest';

import { sshSimulator } from './ssh-simulator.ts';

const document = {
  schemaVersion: '2.2',
  description: 'for tests',
  parameters: {
    operation: { type: 'String', description: 'what', allowedValues: ['list'] },
    key: { type: 'String', description: 'which', allowedPattern: '^[a-z]*$', default: '' },
  },
  mainSteps: [
    {
      action: 'aws:runShellScript',
      name: 'test',
      precondition: {},
      inputs: { timeoutSeconds: '60', runCommand: ['echo "{{ operation }} {{ key }}"'] },
    },
  ],
};
const send = (Parameters: object, DocumentName = 'known') => ({
  DocumentName,
  Targets: [{ Key: 'tag:Role', Values: ['web'] }],
  Parameters,
  TimeoutSeconds: 30,
  MaxConcurrency: '100%',
  MaxErrors: '100%',
  Comment: 'test',
});

async function start(timing: object = {}) {
  let now = 1_000_000;
  const simulator = await sshSimulator({
    hosts: [{ tags: { Role: 'web' }, ...timing }, { tags: { Role: 'jobs' } }],
    now: () => now,
  });
  onTestFinished(() => simulator.close());
  simulator.ssm.createDocument('known', document);
  const call = async (operation: string, input: object) => {
    const answer = await fetch(simulator.url, {
      method: 'POST',
      headers: { 'x-amz-target': `AmazonSSM.${operation}` },
      body: JSON.stringify(input),
    });
    return (await answer.json()) as Record<string, unknown>;
  };
  return { simulator, call, pass: (ms: number) => void (now += ms) };
}

test('has the hosts with the tag run the script of the document', async () => {
  const { simulator, call } = await start();

  const { Command } = (await call('SendCommand', send({ operation: ['list'], key: ['abc'] }))) as {
    Command: { CommandId: string };
  };
  await simulator.ssm.settled();

  const about = { CommandId: Command.CommandId, Details: true, MaxResults: 50 };
  expect(await call('ListCommandInvocations', about)).toMatchObject({
    CommandInvocations: [{ Status: 'Success', CommandPlugins: [{ Output: 'list abc\n' }] }],
  });
});

test.each([
  ['InvalidParameters', send({ operation: ['remove'] })],
  ['InvalidParameters', send({ operation: ['list'], key: ["a'; id"] })],
  ['InvalidParameters', send({ operation: ['list'], other: ['x'] })],
  ['InvalidParameters', send({ key: ['abc'] })],
  ['InvalidDocument', send({ operation: ['list'] }, 'unknown')],
  ['ValidationException', { DocumentName: 'known' }],
])('refuses as AWS does: %s', async (code, input) => {
  const { call } = await start();

  expect(await call('SendCommand', input)).toMatchObject({ __type: code });
});

test('an operation that is not there is an error, and no success', async () => {
  const { call } = await start();

  expect(await call('DeleteDocument', {})).toMatchObject({ __type: 'UnknownOperationException' });
});

test('a host that is off is known, and runs nothing', async () => {
  const { simulator, call } = await start();
  for (const host of simulator.hosts) host.online = false;

  const filter = { Filters: [{ Key: 'tag:Role', Values: ['web'] }] };
  expect(await call('DescribeInstanceInformation', filter)).toMatchObject({
    InstanceInformationList: [{ PingStatus: 'ConnectionLost' }],
  });
  const { Command } = (await call('SendCommand', send({ operation: ['list'] }))) as { Command: { CommandId: string } };
  const about = { CommandId: Command.CommandId, Details: true, MaxResults: 50 };
  expect(await call('ListCommandInvocations', about)).toEqual({ CommandInvocations: [] });
});

test('sshd lets in what stands in the file, as late as it is told', async () => {
  const { simulator, pass } = await start({ propagationMs: 1000, revocationMs: 2000 });
  const [host] = simulator.hosts;
  const [first, second] = ['ssh-ed25519 AAAA1', 'ssh-ed25519 AAAA2'];
  host?.write(`${first}\n`);
  expect(host?.acceptedKeys()).toEqual([first]);

  host?.write(`${second}\n`);
  expect(host?.acceptedKeys()).toEqual([first]);
  pass(1000);
  expect(host?.acceptedKeys()).toEqual([first, second]);
  pass(1000);
  expect(host?.acceptedKeys()).toEqual([second]);
});
