import { loopbackServer, type Reply } from '@keyturn/http/loopback-server';
import { redactor } from '@keyturn/credential-provider/redactor';
import type { ProbeConfig } from '@keyturn/config/config';
import { credential, type Credential } from '@keyturn/rotation/credential';
import { formatMark, markOf } from '@keyturn/rotation/mark';
import { expect, onTestFinished, test } from 'vitest';

import { printed } from './printed.ts';
import { probeCredential } from './probe-credential.ts';
import { simulatedApigee, target, type SimulatedApigee } from './simulated-apigee.conformance.ts';

const mark = formatMark(
  markOf('arn:aws:secretsmanager:eu-west-1:111122223333:secret:orders/key-AbCdEf', '00000002', 'test'),
);
const old = credential('canaryoldkey', 'canaryoldsecret');
const next = credential('canarynewkey', 'canarynewsecret');
const answered = 'canaryanswered';
const confidential = [old, next].map(({ keyId, secret }) => ({ keyId: keyId.reveal(), secret: secret.reveal() }));

/** What Apigee makes: canaries in the answers alone. */
const propose = ({ provider }: SimulatedApigee) => provider.propose({ target, mark, like: old, entitlements: [] });

const operations: Readonly<Record<string, (simulated: SimulatedApigee) => Promise<unknown>>> = {
  propose,
  locate: ({ provider }) => provider.locate({ credential: old }),
  ensure: ({ provider }) =>
    provider.ensure({ target, credential: next, like: old, entitlements: [], mark, approve: true }),
  mark: ({ provider }) => provider.mark({ target, keyId: old.keyId, mark }),
  check: ({ provider }) => provider.check({ target, credential: old, probe: 'credential', times: 2 }),
  usage: ({ provider }) => provider.check({ target, credential: old, probe: 'none', times: 1, usage: true }),
  list: ({ provider }) => provider.list({ target }),
  disable: ({ provider }) => provider.disable({ target, keyId: old.keyId, mark }),
  enable: ({ provider }) => provider.enable({ target, keyId: old.keyId, mark }),
  remove: ({ provider }) => provider.remove({ target, keyId: old.keyId, mark }),
};

const words = [answered, ...confidential.flatMap(({ keyId, secret }) => [keyId, secret])];
const headers = { 'content-type': 'application/json', 'x-request-id': 'canaryanswered', location: '/canaryanswered' };
const json = (status: number, body: unknown): Reply => ({ status, headers, body: JSON.stringify(body) });
const violations = words.map((type) => ({ type, subject: type, description: type }));

/** Answers that say all they heard. */
const replies: readonly Reply[] = [
  { status: 200, headers, body: `<html>${words.join(' ')}</html>` },
  json(200, { name: words, status: words, consumerKey: answered, credentials: words }),
  json(200, { [answered]: Object.fromEntries(words.map((word) => [word, word])) }),
  json(200, words),
  { status: 302, headers, body: words.join(' ') },
  ...[400, 401, 403, 404, 409, 500].flatMap((status) => [
    json(status, { error: { code: status, message: words.join(' '), status: answered, details: [{ violations }] } }),
    json(status, { code: answered, message: words.join(' ') }),
    json(status, { fault: { faultstring: words.join(' '), detail: { errorcode: `oauth.v2.${answered}` } } }),
    { status, headers, body: words.join(' ') },
  ]),
  'reset',
];

/** Which of the canaries, or the token, can be read in what somebody may print. */
function leaks(text: string, token: string): string[] {
  const canaries = [...confidential, { secret: token }, { secret: answered }];
  return canaries.filter((one) => redactor(one)(text) !== text).map(({ secret }) => secret);
}

async function prepared(name: string): Promise<SimulatedApigee> {
  const simulated = await simulatedApigee({ mint: name === 'propose' ? 'generated' : 'chosen', analytics: true });
  onTestFinished(() => simulated.close());
  simulated.handMade();
  const attributes = [{ name: 'keyturn', value: mark.replace('00000002', '00000001') }];
  const [pair] = confidential;
  simulated.handMade({
    consumerKey: pair?.keyId ?? '',
    consumerSecret: pair?.secret ?? '',
    attributes,
    products: ['orders', 'payments'],
    scopes: ['read'],
  });
  return simulated;
}

for (const [name, operation] of Object.entries(operations)) {
  test(`${name} shows neither key nor answer nor token, whatever comes back to whichever request`, async () => {
    const simulated = await prepared(name);
    let failures = 0;
    for (const reply of replies) {
      for (let nth = 0; nth < 6; nth += 1) {
        simulated.interfere((_, earlier) => (earlier >= nth ? reply : 'pass'));
        const error: unknown = await operation(simulated).then(
          () => undefined,
          (caught: unknown) => caught,
        );
        // It is done before that request.
        if (error === undefined) break;
        failures += 1;
        expect(error).toHaveProperty('name', expect.stringMatching(/^(Transient|Permanent)Error$/));
        expect(leaks(printed(error), simulated.token)).toEqual([]);
      }
    }
    expect(failures).toBeGreaterThanOrEqual(replies.length);
  });
}

const sends: readonly ProbeConfig['send'][] = [
  { as: 'header', name: 'x-apikey' },
  { as: 'query', name: 'apikey' },
  { as: 'clientCredentials', tokenPath: '/oauth/token' },
];

test.each(sends)('a probe shows neither key nor answer: %j', async (send) => {
  const gateway: { reply: Reply } = { reply: 'reset' };
  const server = await loopbackServer(() => gateway.reply);
  onTestFinished(() => server.close());
  const probe: ProbeConfig = {
    id: 'orders',
    products: [],
    targets: [],
    url: 'gateway',
    path: '/orders',
    method: 'GET',
    send,
    expect: [200],
  };
  const http = { clock: { now: () => 0, sleep: () => Promise.resolve() }, random: () => 0, allowHttp: ['127.0.0.1'] };
  const run = (key: Credential) => probeCredential(probe, key, { config: { urls: { gateway: server.url } }, http });

  for (const reply of replies) {
    gateway.reply = reply;
    const outcome: unknown = await run(old).catch((error: unknown) => error);
    const text = outcome instanceof Error ? printed(outcome) : JSON.stringify(outcome);
    expect(leaks(text, 'a-token')).toEqual([]);
  }
});
