import type { Incoming } from '@keyturn/apigee-simulator/loopback-server';
import * as z from 'zod';

import type { TokenApiOptions } from './simulator.ts';
import { type Serve, tokenApiWorld } from './token-api-world.ts';

export type Sent = {
  readonly headers?: Readonly<Record<string, string>>;
  readonly json?: unknown;
  readonly form?: Readonly<Record<string, string>>;
};
export type Got = {
  /** undefined: no answer. */
  readonly status: number | undefined;
  readonly headers: Readonly<Record<string, string | readonly string[]>>;
  readonly text: string;
  readonly json: Readonly<Record<string, unknown>>;
};

const JsonObject = z.record(z.string(), z.unknown());

/** For tests: a world with a clock of its own, and how one calls it. */
export function worldUnderTest(options: TokenApiOptions) {
  let now = 1_800_000_000_000;
  let made = 0;
  const newText = (bytes: number) => {
    made += 1;
    return `${made}x`.padEnd(Math.ceil((bytes * 4) / 3), 'abcdefgh');
  };
  const world = tokenApiWorld({ clock: { now: () => now }, newText, ...options });
  return {
    world,
    wait: (ms: number) => {
      now += ms;
    },
    now: () => now,
    manage: (asked: string, sent?: Sent) => ask(world.management, asked, sent),
    use: (asked: string, sent?: Sent) => ask(world.gateway, asked, sent),
  };
}

/** `POST /path?query`. `json` of the answer is empty where its body is no JSON object; a list stands under `list`. */
async function ask(serve: Serve, asked: string, sent: Sent = {}): Promise<Got> {
  const [method = '', target = ''] = asked.split(' ');
  const [path = '', query = ''] = target.split('?');
  const { headers = {} } = sent;
  const incoming: Incoming = { method, path, query: new URLSearchParams(query), headers, body: bodyOf(sent) };
  const reply = await serve(incoming);
  if (typeof reply === 'string') return { status: undefined, headers: {}, text: '', json: {} };
  const { status, headers: got = {}, body: text = '' } = reply;
  const value: unknown = /^[{[]/u.test(text) ? JSON.parse(text) : {};
  return { status, headers: got, text, json: JsonObject.parse(Array.isArray(value) ? { list: value } : value) };
}

function bodyOf({ json, form }: Sent): string {
  if (form !== undefined) return new URLSearchParams(form).toString();
  return json === undefined ? '' : JSON.stringify(json);
}
