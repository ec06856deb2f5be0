import { inspect } from 'node:util';

import { redactor } from '@keyturn/credential-provider/redactor';
import type { Reply } from '@keyturn/http/loopback-server';
import { credential } from '@keyturn/rotation/credential';
import { expect, test } from 'vitest';

import { adapter, markOfVersion, usual } from './adapter-under-test.conformance.ts';
import { target, type SimulatedApiGateway } from './simulated-api-gateway.conformance.ts';

const old = credential('canaryoldid', 'canaryoldvalue-canaryoldvalue');
const next = credential('orders-client.canarynewname0123456789A', 'canarynewvalue-canarynewvalue');
const answered = 'canaryanswered';
const mark = markOfVersion(2);
const retired = { target, keyId: old.keyId, mark };

const operations: Readonly<Record<string, (simulated: SimulatedApiGateway) => Promise<unknown>>> = {
  locate: ({ provider }) => provider.locate({ credential: old }),
  ensure: ({ provider }) => provider.ensure({ ...usual, credential: next, like: old }),
  mark: ({ provider }) => provider.mark(retired),
  check: ({ provider }) => provider.check({ target, credential: old, probe: 'credential', times: 2 }),
  usage: ({ provider }) => provider.check({ target, credential: old, probe: 'none', times: 1, usage: true }),
  list: ({ provider }) => provider.list({ target }),
  disable: ({ provider }) => provider.disable(retired),
  enable: ({ provider }) => provider.enable(retired),
  remove: ({ provider }) => provider.remove(retired),
};

const texts = [old, next].flatMap(({ keyId, secret }) => [keyId.reveal(), secret.reveal()]);
const words = [answered, ...texts];
const json = (status: number, body: unknown, code?: string): Reply => ({
  status,
  headers: {
    'content-type': 'application/json',
    'x-amzn-requestid': '0f3d7a2c-1111-4222-8333-944455556666',
    ...(code && { 'x-amzn-errortype': code }),
  },
  body: JSON.stringify(body),
});

/** Answers that say all they heard. */
const replies: readonly Reply[] = [
  { status: 200, headers: { 'content-type': 'text/html' }, body: `<html>${words.join(' ')}</html>` },
  json(200, { id: words, name: words, value: words, item: words, values: words }),
  json(200, { item: [{ id: answered, name: words, value: answered }], id: [answered] }),
  json(200, words),
  { status: 302, headers: { location: `/${answered}` }, body: words.join(' ') },
  ...[400, 403, 409, 429].flatMap((status) => [
    json(status, { message: words.join(' ') }, 'BadRequestException'),
    json(status, { message: words.join(' '), Message: answered, cause: words }, 'SomeOtherException'),
    { status, body: words.join(' ') },
  ]),
  'reset',
];

function printed(error: unknown): string {
  const all = { depth: Infinity, showHidden: true, getters: true };
  if (!(error instanceof Error)) throw new Error('This is no error');
  return [inspect(error, all), inspect(error.cause, all), JSON.stringify(error), String(error), error.stack].join('\n');
}

test.each(Object.entries(operations))(
  '%s shows neither key nor answer nor credentials, whatever comes back to whichever request',
  async (name, operation) => {
    const simulated = await adapter();
    const hidden = [...words, simulated.secretAccessKey].map((secret) => ({ secret }));
    simulated.handMade();
    const seeded = { id: old.keyId.reveal(), value: old.secret.reveal() };
    const tags = { keyturn: markOfVersion(1) };
    simulated.handMade({ ...seeded, tags, ...(name === 'enable' && { enabled: false }) });
    let failures = 0;
    for (const reply of replies) {
      for (let nth = 0; nth < 8; nth += 1) {
        simulated.interfere((_, earlier) => (earlier >= nth ? reply : 'pass'));
        const error: unknown = await operation(simulated).then(
          () => undefined,
          (caught: unknown) => caught,
        );
        // It is done before that request.
        if (error === undefined) break;
        failures += 1;
        const text = printed(error);
        expect(hidden.filter((one) => redactor(one)(text) !== text)).toEqual([]);
      }
    }
    expect(failures).toBeGreaterThan(replies.length / 2);
  },
  // Hundreds of calls each.
  60_000,
);
