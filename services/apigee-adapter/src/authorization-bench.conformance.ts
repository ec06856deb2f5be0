import { apigeeSimulator } from '@keyturn/apigee-simulator/apigee-simulator';
import type { ApigeeSimulator, SimulatorOptions } from '@keyturn/apigee-simulator/simulator';
import type { AwsIdentity } from '@keyturn/aws/aws-identity';
import type { HttpOptions } from '@keyturn/http/http-exchange';
import { hidden, type Hidden } from '@keyturn/rotation/hidden';
import { onTestFinished } from 'vitest';

/** For tests of how the adapter proves itself: a simulator, an administrator's secret that can be changed, and how often it was read. */
export type AuthorizationBench = {
  readonly apigee: ApigeeSimulator;
  readonly secret: { text: string; reads: number };
  readonly secrets: { value: () => Promise<{ versionId: string; text: Hidden; createdAt: number }> };
  readonly http: HttpOptions;
  /** Moves the clock of both sides. */
  readonly wait: (seconds: number) => void;
  /** Requests for tokens until now. */
  readonly tokenCalls: () => number;
  /** What the management API answers. */
  readonly statusWith: (authorization: Hidden) => Promise<number>;
};

export async function authorizationBench(options: SimulatorOptions = {}): Promise<AuthorizationBench> {
  let now = Date.now();
  const clock = {
    now: () => now,
    sleep: (ms: number) => {
      now += ms;
      return Promise.resolve();
    },
  };
  const apigee = await apigeeSimulator({ clock, ...options });
  onTestFinished(() => apigee.close());
  const secret = { text: '', reads: 0 };
  const secrets = {
    value: () => {
      secret.reads += 1;
      return Promise.resolve({ versionId: 'v', text: hidden(secret.text), createdAt: 0 });
    },
  };
  apigee.seed({ developers: [{ email: 'dev@example.com', apps: [{ name: 'orders' }] }] });
  const app = `${apigee.managementUrl}/organizations/${apigee.organization}/developers/dev@example.com/apps/orders`;
  return {
    apigee,
    secret,
    secrets,
    http: { clock, random: () => 0, allowHttp: ['127.0.0.1'], timeoutMs: 2000, retries: 1 },
    wait: (seconds) => {
      now += seconds * 1000;
    },
    tokenCalls: () => apigee.requests().filter(({ surface }) => surface === 'token').length,
    statusWith: async (authorization) =>
      (await fetch(app, { headers: { authorization: authorization.reveal() } })).status,
  };
}

/** The role of AWS that the simulator trusts at this moment. */
export function trustedIdentity({ workloadIdentity }: ApigeeSimulator): AwsIdentity {
  const { accessKeyId, secretAccessKey, sessionToken } = workloadIdentity.awsKeys();
  return {
    region: workloadIdentity.region,
    accessKeyId,
    secretAccessKey: hidden(secretAccessKey),
    sessionToken: hidden(sessionToken),
  };
}
