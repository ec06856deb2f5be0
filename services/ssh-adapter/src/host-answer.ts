import * as z from 'zod';

import { parseAuthorizedLine, type AuthorizedLine } from './authorized-line.ts';

export type HostKey = AuthorizedLine & {
  /** Between our marks. A key outside of them is a person's. */
  readonly inBlock: boolean;
  readonly enabled: boolean;
};

/** What a host says of its file after an operation. */
export type HostFile = {
  /** The group is known there: our block exists. */
  readonly hasBlock: boolean;
  readonly keys: readonly HostKey[];
  /** The last characters of every key that ever stood in the block. */
  readonly had: ReadonlySet<string>;
  /** Of its sshd, as it says itself over SSM. */
  readonly hostKeys: readonly string[];
  readonly port: number | undefined;
};

/** Why a host changed nothing. */
export const refusals = [
  'no-user',
  'unsafe-path',
  'cannot-write',
  'bad-request',
  'busy',
  'too-late',
  'hand-edited',
  'known',
  'other-mark',
  'key-disabled',
  'no-key',
  'copied',
  'last-key',
] as const;
export type Refusal = (typeof refusals)[number];

const base64 = z.base64().transform((text) => Buffer.from(text, 'base64').toString('latin1'));
const answer = z.union([
  z.object({ v: z.literal(1), code: z.literal('ok'), keys: base64, host: base64 }),
  z.object({ v: z.literal(1), code: z.enum(refusals) }),
]);

export const tailOf = (publicKey: string): string => publicKey.slice(-24);

/** undefined: this is not what our script prints, or not all of it. */
export function parseHostAnswer(output: string): HostFile | Refusal | undefined {
  const line = output.split('\n').find((one) => one.startsWith('{"v":'));
  const parsed = answer.safeParse(jsonOf(line ?? '')).data;
  if (parsed === undefined) return undefined;
  if (parsed.code !== 'ok') return parsed.code;
  const lines = parsed.keys.split('\n').map((text) => ({ flag: text.charAt(0), rest: text.slice(2) }));
  const told = parsed.host.split('\n').map((text) => text.split(/ (.*)/));
  const port = Number(told.find(([name]) => name === 'port')?.[1]);
  return {
    hasBlock: lines.some(({ flag }) => flag === 'B'),
    had: new Set(lines.flatMap(({ flag, rest }) => (flag === 'H' ? [rest] : []))),
    keys: lines.flatMap(({ flag, rest }) => {
      const key = /^[IiOo]$/.test(flag) ? parseAuthorizedLine(rest) : undefined;
      return key === undefined ? [] : [{ ...key, inBlock: /i/i.test(flag), enabled: /[IO]/.test(flag) }];
    }),
    hostKeys: told.flatMap(([name, key]) => (name === 'key' && key !== undefined ? [key] : [])),
    port: Number.isInteger(port) && port > 0 && port < 65_536 ? port : undefined,
  };
}

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
