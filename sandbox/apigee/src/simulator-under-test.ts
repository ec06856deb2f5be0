import { type IncomingMessage, request } from 'node:http';
import { text } from 'node:stream/consumers';
import { onTestFinished } from 'vitest';
import * as z from 'zod';
import { apigeeSimulator } from './apigee-simulator.ts';
import type { ApigeeSimulator, Seed, SeedApp, SimulatorOptions } from './simulator.ts';

export type Response = {
  status: number;
  headers: Record<string, unknown>;
  text: string;
  json: Record<string, unknown>;
};
export type Sent = { method?: string; headers?: Record<string, string>; body?: string };

const JsonObject = z.record(z.string(), z.unknown());

/** One HTTP request on a connection of its own. `json` is empty where the body is no JSON object. */
export async function send(url: string, { method = 'GET', headers = {}, body }: Sent = {}): Promise<Response> {
  // node:http frames the body of a DELETE only when told its length.
  const framed = body === undefined ? headers : { ...headers, 'content-length': String(Buffer.byteLength(body)) };
  const incoming = await new Promise<IncomingMessage>((resolve, reject) => {
    request(url, { method, headers: framed, agent: false }, resolve).on('error', reject).end(body);
  });
  const answer = await text(incoming);
  const json = JsonObject.safeParse(jsonOf(answer)).data ?? {};
  return { status: incoming.statusCode ?? 0, headers: incoming.headers, text: answer, json };
}

function jsonOf(answer: string): unknown {
  try {
    return JSON.parse(answer);
  } catch {
    return undefined;
  }
}

export const seed: Seed = {
  products: [
    { name: 'orders-v1', paths: ['/orders'], scopes: ['READ', 'WRITE'] },
    { name: 'invoices-v1', paths: ['/invoices'] },
    { name: 'payments-v1', paths: ['/payments'], approval: 'manual' },
  ],
  developers: [
    {
      email: 'dev@example.com',
      apps: [
        {
          name: 'orders client',
          attributes: [{ name: 'DisplayName', value: 'Orders' }],
          callbackUrl: 'https://orders.example.com/callback',
          keys: [{ consumerKey: 'hand-made', consumerSecret: 'typed-once', products: ['orders-v1'] }],
        },
      ],
    },
    { email: 'other@example.com', apps: [{ name: 'invoices-client' }] },
  ],
};

const groupApp: SeedApp = {
  name: 'orders client',
  attributes: [{ name: 'DisplayName', value: 'Orders' }],
  callbackUrl: 'https://orders.example.com/callback',
  keys: [{ consumerKey: 'of-group', consumerSecret: 'typed-once', products: ['orders-v1'] }],
};
/** To be seeded where a company (Edge, OPDK) or an app group (X, hybrid) is tested. */
export const companies: Seed = { companies: [{ name: 'acme-shop', apps: [groupApp] }] };
export const appGroups: Seed = { appGroups: [{ name: 'acme-shop', apps: [groupApp] }] };

export type UnderTest = {
  simulator: ApigeeSimulator;
  /** Moves the simulator's clock. */
  wait: (ms: number) => void;
  /** A management call with a valid token; the path begins after the organization. */
  manage: (method: string, path: string, sent?: Sent & { json?: unknown }) => Promise<Response>;
  /** `approve` or `revoke` as Apigee wants it sent. */
  act: (path: string, action: string) => Promise<Response>;
};

export const app = 'orders client';
export const appPath = '/developers/dev@example.com/apps/orders%20client';
export const companyAppPath = '/companies/acme-shop/apps/orders%20client';
export const groupAppPath = '/appgroups/acme-shop/apps/orders%20client';

/** A seeded simulator on a clock that stands still, closed when the test ends. */
export async function simulatorUnderTest(options: SimulatorOptions = {}): Promise<UnderTest> {
  let now = 1_800_000_000_000;
  const simulator = await apigeeSimulator({ organization: 'acme', clock: { now: () => now }, ...options });
  onTestFinished(() => simulator.close());
  simulator.seed(seed);
  const authorization = `Bearer ${simulator.accessToken()}`;
  const manage: UnderTest['manage'] = (method, path, { json, headers, body } = {}) =>
    send(`${simulator.managementUrl}/organizations/acme${path}`, {
      method,
      headers: { authorization, ...(json !== undefined && { 'content-type': 'application/json' }), ...headers },
      ...((json ?? body) !== undefined && { body: json === undefined ? (body ?? '') : JSON.stringify(json) }),
    });
  return {
    simulator,
    wait: (ms) => {
      now += ms;
    },
    manage,
    act: (path, action) =>
      manage('POST', `${path}?action=${action}`, { headers: { 'content-type': 'application/octet-stream' } }),
  };
}

/** Apigee's own code of an error of the management API. */
export const violationOf = ({ json }: Response): unknown =>
  z
    .object({
      error: z.object({
        details: z.array(z.object({ violations: z.array(z.object({ type: z.string() })).optional() })),
      }),
    })
    .safeParse(json).data?.error.details[0]?.violations?.[0]?.type;

/** The code of a gateway's fault. */
export const faultOf = ({ json }: Response): unknown =>
  z.object({ fault: z.object({ detail: z.object({ errorcode: z.string() }) }) }).safeParse(json).data?.fault.detail
    .errorcode;
