import { once } from 'node:events';
import { createServer } from 'node:http';
import { text } from 'node:stream/consumers';

import { simulatedHost, simulatedUser, type HostTiming, type Model, type SimulatedHost } from './simulated-host.ts';
import { simulatedSsm, SsmError, type SimulatedSsm } from './simulated-ssm.ts';

export type SimulatorOptions = {
  /** One for each host: which tags it bears, and how slow it is. */
  readonly hosts: readonly (HostTiming & { readonly tags: Readonly<Record<string, string>> })[];
  /** Where the documents look for authorized_keys. */
  readonly file?: string;
  /** `sh` unless given. */
  readonly shell?: string | Model;
  readonly now?: () => number;
};

export type SshSimulator = {
  /** Of Systems Manager. */
  readonly url: string;
  readonly ssm: SimulatedSsm;
  readonly hosts: readonly SimulatedHost[];
  readonly user: string;
  readonly file: string;
  /** From now on every call of that operation meets it, until undefined: `throttled`, `unavailable`, `denied`, or a page in place of an answer. */
  trouble: 'throttled' | 'unavailable' | 'denied' | 'nonsense' | undefined;
  /** Asked for each write (SendCommand that is no list), in order from 1: whether it is answered, or done at all. */
  meet: ((nth: number) => 'answer' | 'lose-answer' | 'fail') | undefined;
  close(): Promise<void>;
};

/** Systems Manager and its hosts on 127.0.0.1. */
export async function sshSimulator(options: SimulatorOptions): Promise<SshSimulator> {
  const { file = '/home/deploy/.ssh/authorized_keys', shell = 'sh', now = () => Date.now() } = options;
  const common = { file, shell, now, user: simulatedUser };
  const hosts = await Promise.all(
    options.hosts.map((host, index) =>
      simulatedHost({ ...common, ...host, id: `i-${String(index + 1).padStart(17, '0')}` }),
    ),
  );
  const ssm = simulatedSsm(hosts);
  let writes = 0;
  let meet: SshSimulator['meet'];
  const server = createServer((request, response) => {
    void (async () => {
      const operation = String(request.headers['x-amz-target']).replace('AmazonSSM.', '');
      const body = await text(request);
      const reply = (status: number, answer: string) => {
        response.writeHead(status, { 'content-type': 'application/x-amz-json-1.1', 'x-amzn-requestid': 'simulated' });
        response.end(answer);
      };
      const fail = (code: string, status: number) =>
        reply(status, JSON.stringify({ __type: code, message: 'simulated' }));
      try {
        if (self.trouble === 'nonsense') return reply(200, '<html>');
        if (self.trouble !== undefined) throw troubles[self.trouble];
        const isWrite = operation === 'SendCommand' && !body.includes('"operation":["list"]');
        const fate = isWrite ? (self.meet?.((writes += 1)) ?? 'answer') : 'answer';
        if (fate === 'fail') throw troubles.unavailable;
        const answer = ssm.call(operation, JSON.parse(body));
        if (isWrite) await ssm.settled();
        if (fate === 'lose-answer') throw troubles.unavailable;
        reply(200, JSON.stringify(answer));
      } catch (error) {
        if (error instanceof SsmError) fail(error.code, error.status);
        else fail('InternalServerError', 500);
      }
    })();
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('The server has no port');
  const self: SshSimulator = {
    url: `http://127.0.0.1:${address.port}`,
    ssm,
    hosts,
    user: simulatedUser,
    file,
    trouble: undefined,
    get meet() {
      return meet;
    },
    set meet(next) {
      meet = next;
      writes = 0;
    },
    async close() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
      await ssm.settled();
      await Promise.all(hosts.map((host) => host.close()));
    },
  };
  return self;
}

const troubles = {
  throttled: new SsmError('ThrottlingException', 400),
  unavailable: new SsmError('InternalServerError', 500),
  denied: new SsmError('AccessDeniedException', 400),
} as const;
