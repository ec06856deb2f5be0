import { inspect } from 'node:util';

import { RotationFailed } from '@keyturn/events/rotation-failed';
import { sameCredential } from '@keyturn/rotation/credential';
import { TransientError } from '@keyturn/rotation/errors';
import { formatMark, markOf } from '@keyturn/rotation/mark';
import { expect, test } from 'vitest';

import { minute, steps, world, type World } from '../../../test/world.ts';
import { aboutRequest, parseRotationRequest } from './rotation-request.ts';
import { rotateSecret } from './rotate-secret.ts';

function step(w: World, name: string, token: string, rotationToken?: string) {
  const request = parseRotationRequest({
    Step: name,
    SecretId: w.arn,
    ClientRequestToken: token,
    ...(rotationToken === undefined ? {} : { RotationToken: rotationToken }),
  });
  return rotateSecret({ request, ownArn: w.handlerArn, deadline: w.clock.now() + 14 * minute }, w.rotation);
}

async function rotateOnce(w: World): Promise<string> {
  const token = await w.begin();
  for (const name of steps) await step(w, name, token);
  w.model.rotations.ended({ arn: w.arn, token, succeeded: true });
  return token;
}

test('rotates: the new key is current, accepted by every node, entitled and marked; the old one still works', async () => {
  const w = await world();

  const token = await rotateOnce(w);

  const next = await w.credentialIn();
  expect(await w.labels(token)).toEqual(expect.arrayContaining(['AWSCURRENT', 'KEYTURN']));
  expect(await w.labels(token)).not.toContain('AWSPENDING');
  expect(sameCredential(next, w.handMade)).toBe(false);
  expect(w.provider.acceptedBy(next)).toEqual([true, true, true]);
  expect(w.provider.acceptedBy(w.handMade)).toEqual([true, true, true]);
  const stored = w.provider.stored('orders-app');
  expect(stored.map(({ mark }) => mark)).toEqual([w.mark(w.firstVersion), w.mark(token)]);
  expect(w.hints.sent).toMatchObject([{ 'detail-type': 'LabelMoved', detail: { secretArn: w.arn, versionId: token } }]);
  expect(w.events()).toEqual([]);
});

test('keeps every byte of the secret outside the two values', async () => {
  const w = await world();

  await rotateOnce(w);

  const text = (await w.secrets.value(w.arn, { stage: 'AWSCURRENT' }))?.text.reveal() ?? '';
  const { keyId, secret } = await w.credentialIn();
  expect(text).toBe(
    `{ "url": "https://api.acme.example", "key": "${keyId.reveal()}",\n  "secret": "${secret.reveal()}" }`,
  );
});

test.each([2, 3])('I4: every step run %i times leaves exactly one new key', async (times) => {
  const w = await world();
  const token = await w.begin();

  for (const name of steps) for (let run = 0; run < times; run += 1) await step(w, name, token);

  expect(w.provider.stored('orders-app')).toHaveLength(2);
  expect(await w.labels(token)).toContain('AWSCURRENT');
});

test('I4: the whole rotation run again after it ended changes nothing', async () => {
  const w = await world();
  const token = await rotateOnce(w);
  const before = w.provider.stored('orders-app');

  for (const name of steps) await step(w, name, token);

  expect(w.provider.stored('orders-app')).toEqual(before);
  expect(await w.labels(token)).toContain('AWSCURRENT');
});

// Every way in which two callers can take turns at the four steps, a step being one turn.
function turns(a: number, b: number): string[] {
  if (a === 0 && b === 0) return [''];
  return [
    ...(a > 0 ? turns(a - 1, b).map((rest) => `a${rest}`) : []),
    ...(b > 0 ? turns(a, b - 1).map((rest) => `b${rest}`) : []),
  ];
}

test('I4: two callers that take turns in any of 70 orders leave exactly one new key, which is current', async () => {
  for (const order of turns(4, 4)) {
    const w = await world();
    const token = await w.begin();
    const next = { a: 0, b: 0 };

    for (const who of order) {
      const caller = who === 'a' ? 'a' : 'b';
      await step(w, steps[next[caller]] ?? '', token);
      next[caller] += 1;
    }

    expect(w.provider.stored('orders-app'), order).toHaveLength(2);
    expect(await w.labels(token), order).toContain('AWSCURRENT');
  }
});

test('I4: two callers in the same step at the same time leave exactly one new key', async () => {
  const w = await world();
  const token = await w.begin();

  for (const name of steps) await Promise.allSettled([step(w, name, token), step(w, name, token)]);
  await step(w, 'finishSecret', token);

  expect(w.provider.stored('orders-app')).toHaveLength(2);
  expect(await w.labels(token)).toContain('AWSCURRENT');
});

test.each(steps)('a console edit before %s wins and strands nothing that is not told', async (interrupted) => {
  const w = await world();
  const token = await w.begin();
  for (const name of steps.slice(0, steps.indexOf(interrupted))) await step(w, name, token);

  const pasted = await w.paste(w.provider.handMade({ target: 'orders-app' }));

  await expect(step(w, interrupted, token)).rejects.toMatchObject({ name: 'PermanentError', reason: 'abandoned' });
  expect(await w.labels(pasted)).toContain('AWSCURRENT');
  expect(w.events('RotationFailed')).toMatchObject([
    {
      detail: {
        data: { versionId: token, step: interrupted, reason: 'abandoned', retryable: false, liveCredential: 'old' },
      },
    },
  ]);
});

test('writes the pending version before the provider hears of the key', async () => {
  const w = await world();
  const token = await w.begin();

  await step(w, 'createSecret', token);

  expect(await w.secrets.value(w.arn, { versionId: token, stage: 'AWSPENDING' })).toBeDefined();
  expect(w.provider.stored('orders-app')).toHaveLength(1);
});

test('keeps a pending value that is there, so that a retry never regenerates the key', async () => {
  const w = await world();
  const token = await w.begin();
  await step(w, 'createSecret', token);
  const first = await w.credentialIn(token);

  await step(w, 'createSecret', token);

  expect(sameCredential(await w.credentialIn(token), first)).toBe(true);
});

test('takes both spellings of a step, and hands the rotation token on', async () => {
  const w = await world();
  const token = await w.begin();
  const tokens: (string | undefined)[] = [];
  const putPending: typeof w.secrets.putPending = (request) => {
    tokens.push(request.rotationToken);
    return w.secrets.putPending(request);
  };
  const request = parseRotationRequest({
    Step: 'create_secret',
    SecretId: w.arn,
    ClientRequestToken: token,
    RotationToken: 'rt',
  });

  await rotateSecret(
    { request, ownArn: w.handlerArn, deadline: w.clock.now() + minute },
    { ...w.rotation, secrets: { ...w.secrets, putPending } },
  );

  expect(tokens).toEqual(['rt']);
});

test('I9: holds off, then wants all accepts in a row before the key may become current', async () => {
  const w = await world();
  const token = await w.begin();
  await step(w, 'createSecret', token);
  await step(w, 'setSecret', token);
  const before = w.clock.now();

  await step(w, 'testSecret', token);

  expect(w.clock.now() - before).toBeGreaterThanOrEqual(30_000);
  expect(w.provider.acceptedBy(await w.credentialIn(token))).toEqual([true, true, true]);
});

test('I9: never makes an empty pending version current', async () => {
  const w = await world();
  const token = await w.begin();

  await expect(step(w, 'finishSecret', token)).rejects.toMatchObject({ name: 'TransientError' });

  expect(await w.labels(w.firstVersion)).toContain('AWSCURRENT');
});

test('I9: a key that one node refuses again after the test does not become current', async () => {
  const w = await world();
  const token = await w.begin();
  for (const name of steps.slice(0, 3)) await step(w, name, token);
  const next = await w.credentialIn(token);
  await w.provider.disable({ target: 'orders-app', keyId: next.keyId, mark: w.mark(token) });

  await expect(step(w, 'finishSecret', token)).rejects.toMatchObject({ reason: 'key-disabled' });

  expect(await w.labels(w.firstVersion)).toContain('AWSCURRENT');
});

test('I9: a probe that accepts a random key proves nothing and fails the test', async () => {
  const w = await world();
  const token = await w.begin();
  await step(w, 'createSecret', token);
  await step(w, 'setSecret', token);
  w.provider.acceptAnything();

  await expect(step(w, 'testSecret', token)).rejects.toMatchObject({ reason: 'accepts-anything' });

  expect(await w.labels(w.firstVersion)).toContain('AWSCURRENT');
});

test('entitlements that changed during the rotation are copied by the next attempt', async () => {
  const w = await world();
  const token = await w.begin();
  for (const name of steps.slice(0, 3)) await step(w, name, token);
  const drifting = {
    ...w.provider,
    check: async (request: Parameters<typeof w.provider.check>[0]) => {
      const result = await w.provider.check(request);
      const isCurrent = request.credential.keyId.reveal() === w.handMade.keyId.reveal();
      if (!isCurrent || result.key.state === 'absent') return result;
      return { ...result, key: { ...result.key, entitlements: [...result.key.entitlements, 'refunds'] } };
    },
  };
  const request = parseRotationRequest({ Step: 'finishSecret', SecretId: w.arn, ClientRequestToken: token });

  const finishing = rotateSecret(
    { request, ownArn: w.handlerArn, deadline: w.clock.now() + minute },
    { ...w.rotation, provider: () => drifting },
  );

  await expect(finishing).rejects.toMatchObject({ name: 'TransientError' });
  expect(await w.labels(w.firstVersion)).toContain('AWSCURRENT');
});

test("AWS's dry run of a schedule checks the live credential and makes nothing", async () => {
  const w = await world();
  await w.model.rotateSecret({ SecretId: w.arn, RotateImmediately: false });
  const { stages } = await w.secrets.describe(w.arn);
  const token = [...stages].find(([, labels]) => labels.includes('AWSPENDING'))?.[0] ?? '';

  await step(w, 'testSecret', token);

  expect(w.provider.stored('orders-app')).toHaveLength(1);
  expect(w.events()).toEqual([]);
});

test.each(['chosen', 'generated'] as const)(
  'I10: a target other than the one that has the current key is refused before anything is written, key %s',
  async (mode) => {
    const w = await world({ mode, tags: { 'keyturn:target': 'other-app' } });
    const token = await w.begin();

    const refused = step(w, 'createSecret', token);

    await expect(refused).rejects.toMatchObject({ reason: 'not-yours', field: 'tag keyturn:target' });
    expect(await w.secrets.value(w.arn, { versionId: token })).toBeUndefined();
    expect(w.provider.stored('other-app')).toEqual([]);
    expect(w.provider.stored('orders-app')).toHaveLength(1);
  },
);

const otherSecret = 'arn:aws:secretsmanager:eu-central-1:123456789012:secret:billing/apigee-AbCdEf';

test("I10: a key that bears another secret's mark is refused, and nothing is written", async () => {
  const w = await world();
  const mark = formatMark(markOf(otherSecret, w.firstVersion, 'test'));
  await w.provider.mark({ target: 'orders-app', keyId: w.handMade.keyId, mark });
  const token = await w.begin();
  const before = w.provider.stored('orders-app');

  await expect(step(w, 'createSecret', token)).rejects.toMatchObject({ reason: 'shared-key' });

  expect(await w.secrets.value(w.arn, { versionId: token })).toBeUndefined();
  expect(w.provider.stored('orders-app')).toEqual(before);
});

test('I10: the proof is asked for again before the provider is written to', async () => {
  const w = await world();
  const token = await w.begin();
  await step(w, 'createSecret', token);
  const mark = formatMark(markOf(otherSecret, w.firstVersion, 'test'));
  await w.provider.mark({ target: 'orders-app', keyId: w.handMade.keyId, mark });

  await expect(step(w, 'setSecret', token)).rejects.toMatchObject({ reason: 'shared-key' });

  expect(w.provider.stored('orders-app')).toHaveLength(1);
});

test('a current key without a mark is marked before it is replaced', async () => {
  const w = await world();
  const token = await w.begin();
  await step(w, 'createSecret', token);

  await step(w, 'setSecret', token);

  expect(w.provider.stored('orders-app')[0]?.mark).toBe(w.mark(w.firstVersion));
});

test('I9: a key that has expired, or whose app is off, does not become current', async () => {
  const w = await world();
  const token = await w.begin();
  for (const name of steps.slice(0, 2)) await step(w, name, token);
  w.provider.switchOff('orders-app');

  await expect(step(w, 'testSecret', token)).rejects.toMatchObject({ reason: 'key-rejected' });

  expect(await w.labels(w.firstVersion)).toContain('AWSCURRENT');
});

test('AWSPENDING that cannot be taken off after the move is no failure', async () => {
  const w = await world();
  const token = await w.begin();
  for (const name of steps.slice(0, 3)) await step(w, name, token);
  const secrets = { ...w.secrets, dropPending: () => Promise.reject(new TransientError('throttled')) };
  const request = parseRotationRequest({ Step: 'finishSecret', SecretId: w.arn, ClientRequestToken: token });

  await rotateSecret(
    { request, ownArn: w.handlerArn, deadline: w.clock.now() + 14 * minute },
    { ...w.rotation, secrets },
  );

  expect(await w.labels(token)).toContain('AWSCURRENT');
  expect(w.events()).toEqual([]);
});

test.each([
  ['keyturn:provider', 'https://evil.example', 'misconfigured'],
  ['keyturn:provider', 'nowhere', 'misconfigured'],
  ['keyturn:policy', 'nothing', 'misconfigured'],
  ['keyturn:shape', 'round', 'misconfigured'],
  ['keyturn:owner', 'nobody', 'misconfigured'],
])('a wrong tag %s is refused by name and told, with nothing changed', async (tag, value, reason) => {
  const w = await world({ tags: { [tag]: value } });
  const token = await w.begin();

  await expect(step(w, 'createSecret', token)).rejects.toMatchObject({ reason, field: `tag ${tag}` });

  expect(w.events('RotationFailed')).toMatchObject([{ detail: { data: { reason, field: `tag ${tag}` } } }]);
  expect(inspect(w.events(), { depth: null })).not.toContain('evil.example');
  expect(await w.secrets.value(w.arn, { versionId: token })).toBeUndefined();
  expect(w.provider.stored('orders-app')).toHaveLength(1);
});

test.each([
  ['nothing but text', 'SecretString'],
  ['{"key":"a","other":"b"}', '/secret'],
  ['{"key":"a","secret":17}', '/secret'],
  ['{"key":"","secret":"b"}', '/key'],
  ['{"key":"a","secret":"b","secret":"c"}', '/secret'],
])('a secret that is not what its shape says is refused by the pointer: %s', async (text, field) => {
  const w = await world();
  await w.paste(text);
  const token = await w.begin();

  await expect(step(w, 'createSecret', token)).rejects.toMatchObject({ reason: 'shape-mismatch', field });

  expect(await w.secrets.value(w.arn, { versionId: token })).toBeUndefined();
});

test('an unknown step is refused and told', async () => {
  const w = await world();
  const token = await w.begin();

  await expect(step(w, 'polishSecret', token)).rejects.toMatchObject({ reason: 'unknown-step', field: 'Step' });

  expect(w.events('RotationFailed')).toMatchObject([{ detail: { data: { step: 'unknown' } } }]);
});

test('a token that is not listed, or listed without AWSPENDING, is refused before the provider is asked', async () => {
  const w = await world();
  const { VersionId: stray = '' } = await w.model.putSecretValue({
    SecretId: w.arn,
    SecretString: '{}',
    VersionStages: ['stray'],
  });
  const unlisted = '11111111-1111-4111-8111-111111111111';
  const asked: string[] = [];
  const provider = (id: string) => {
    asked.push(id);
    return w.provider;
  };

  for (const token of [unlisted, stray]) {
    const request = parseRotationRequest({ Step: 'setSecret', SecretId: w.arn, ClientRequestToken: token });
    const call = rotateSecret(
      { request, ownArn: w.handlerArn, deadline: w.clock.now() + minute },
      { ...w.rotation, provider },
    );
    await expect(call).rejects.toMatchObject({ reason: 'abandoned', field: 'ClientRequestToken' });
  }

  expect(asked).toEqual([]);
  expect(w.events('RotationFailed')).toHaveLength(2);
});

test.each([
  ['nothing', undefined, 'event'],
  ['text', 'createSecret', 'event'],
  ['no token', { Step: 'createSecret', SecretId: 'arn' }, 'ClientRequestToken'],
  ['a short token', { Step: 'createSecret', SecretId: 'arn', ClientRequestToken: 'canary' }, 'ClientRequestToken'],
  ['no secret', { Step: 'createSecret', ClientRequestToken: '1'.repeat(32) }, 'SecretId'],
  ['a name for an ARN', { Step: 'createSecret', SecretId: 'canary', ClientRequestToken: '1'.repeat(32) }, 'SecretId'],
])('an event with %s is malformed, by the name of the field', (_, event, field) => {
  const parsing = () => parseRotationRequest(event);

  expect(parsing).toThrow(expect.objectContaining({ reason: 'malformed', field }));
  expect(parsing).not.toThrow('canary');
});

test('the dry run of a schedule for an empty secret has nothing to check, and no failure to tell', async () => {
  const w = await world();
  await w.paste('{"key":"","secret":""}');
  await w.model.rotateSecret({ SecretId: w.arn, RotateImmediately: false });
  const { stages } = await w.secrets.describe(w.arn);
  const token = [...stages].find(([, labels]) => labels.includes('AWSPENDING'))?.[0] ?? '';

  await step(w, 'testSecret', token);

  expect(w.events()).toEqual([]);
});

test('a provider that answers nonsense changes nothing, and the failure names where it came from', async () => {
  const w = await world();
  const token = await w.begin();
  w.provider.faults.always('nonsense');

  await expect(step(w, 'createSecret', token)).rejects.toMatchObject({ reason: 'provider-answer' });

  w.provider.faults.calm();
  expect(await w.secrets.value(w.arn, { versionId: token })).toBeUndefined();
  expect(w.provider.stored('orders-app')).toHaveLength(1);
});

test("another function's secret is refused without an event", async () => {
  const w = await world();
  const token = await w.begin();
  const request = parseRotationRequest({ Step: 'createSecret', SecretId: w.arn, ClientRequestToken: token });
  const ownArn = w.handlerArn.replace('rotation-handler', 'impostor');

  const call = rotateSecret({ request, ownArn, deadline: w.clock.now() + minute }, w.rotation);

  await expect(call).rejects.toMatchObject({ reason: 'not-ours', field: 'RotationLambdaARN' });
  expect(w.events()).toEqual([]);
});

test('the alias under which the function is called does not make it a stranger', async () => {
  const w = await world();
  const token = await w.begin();
  const request = parseRotationRequest({ Step: 'createSecret', SecretId: w.arn, ClientRequestToken: token });

  await rotateSecret({ request, ownArn: `${w.handlerArn}:live`, deadline: w.clock.now() + minute }, w.rotation);

  expect(await w.secrets.value(w.arn, { versionId: token })).toBeDefined();
});

test('tells a failure that may heal too, and throws it again', async () => {
  const w = await world();
  const token = await w.begin();
  await step(w, 'createSecret', token);
  w.provider.faults.always('unavailable');

  await expect(step(w, 'setSecret', token)).rejects.toMatchObject({ name: 'TransientError' });

  const [event] = w.events('RotationFailed');
  expect(RotationFailed.parse(event).data).toMatchObject({
    reason: 'unavailable',
    retryable: true,
    liveCredential: 'old',
  });
  expect(event?.detail.metadata.idempotencyKey).toBe(`${w.arn}#${token}#setSecret#unavailable`);
});

test('a hold-off that does not fit into a function is waited for in silence until its budget ends', async () => {
  const w = await world({ tags: { 'keyturn:policy': 'patient' } });
  const token = await w.begin();
  await step(w, 'createSecret', token);
  await step(w, 'setSecret', token);

  await expect(step(w, 'testSecret', token)).rejects.toMatchObject({ name: 'PendingError' });
  const quiet = w.events().length;
  const hints = [...w.hints.sent];
  w.pass(31 * minute);
  await step(w, 'testSecret', token);

  expect(quiet).toBe(0);
  expect(hints).toMatchObject([{ 'detail-type': 'RotationWaiting', detail: { versionId: token } }]);
});

test('a key that the nodes refuse beyond the budget is told', async () => {
  const w = await world({ tags: { 'keyturn:policy': 'patient' } });
  const token = await w.begin();
  await step(w, 'createSecret', token);
  w.pass(61 * minute);
  await step(w, 'setSecret', token);

  await expect(step(w, 'testSecret', token)).rejects.toMatchObject({ name: 'PendingError' });

  expect(w.events('RotationFailed')).toMatchObject([
    { detail: { data: { reason: 'not-propagated', retryable: true } } },
  ]);
});

test('a lost answer at each write of setSecret is made good by the next attempt with one key', async () => {
  for (const nth of [1, 2, 3, 4]) {
    const w = await world();
    const token = await w.begin();
    await step(w, 'createSecret', token);
    w.provider.faults.loseAnswer(nth);

    await step(w, 'setSecret', token).catch(() => undefined);
    w.provider.faults.calm();
    for (const name of steps) await step(w, name, token);

    expect(w.provider.stored('orders-app'), `write ${nth}`).toHaveLength(2);
    expect(await w.labels(token), `write ${nth}`).toContain('AWSCURRENT');
  }
});

test('the first key of an empty secret is issued with the entitlements of the policy', async () => {
  const w = await world({ tags: { 'keyturn:policy': 'first' } });
  await w.paste('{"key":"","secret":""}');
  const token = await w.begin();

  for (const name of steps) await step(w, name, token);

  expect(await w.labels(token)).toContain('AWSCURRENT');
  expect(w.provider.stored('orders-app').at(-1)).toMatchObject({ rest: { approved: ['read'] } });
});

test('a key that the provider chooses is rotated the same way, and a crash before it is stored leaves one key', async () => {
  const w = await world({ mode: 'generated' });
  const token = await w.begin();
  const crash = { ...w.secrets, putPending: () => Promise.reject(new Error('killed')) };
  const request = parseRotationRequest({ Step: 'createSecret', SecretId: w.arn, ClientRequestToken: token });
  await rotateSecret(
    { request, ownArn: w.handlerArn, deadline: w.clock.now() + minute },
    { ...w.rotation, secrets: crash },
  ).catch(() => undefined);

  for (const name of steps) await step(w, name, token);

  expect(w.provider.stored('orders-app')).toHaveLength(2);
  expect(w.provider.acceptedBy(await w.credentialIn())).toEqual([true, true, true]);
});

test('I6: no event, error or warning holds a key or a secret', async () => {
  const w = await world();
  const token = await w.begin();
  const errors: unknown[] = [];
  for (const trouble of ['denied', 'nonsense', 'throttled'] as const) {
    w.provider.faults.always(trouble);
    for (const name of steps) await step(w, name, token).catch((error: unknown) => errors.push(error));
    w.provider.faults.calm();
  }
  for (const name of steps) await step(w, name, token);

  const next = await w.credentialIn();
  const shown = inspect([errors, w.events(), w.log.lines, w.hints.sent], { depth: null, showHidden: true });
  for (const value of [next.keyId, next.secret, w.handMade.keyId, w.handMade.secret]) {
    expect(shown).not.toContain(value.reveal());
    expect(shown).not.toContain(Buffer.from(value.reveal()).toString('base64'));
  }
  expect(errors.length).toBeGreaterThan(0);
});

test('of an event only the step, the secret and the version are logged, however malformed it is', () => {
  const fields = aboutRequest({
    Step: 'setSecret',
    SecretId: 'arn',
    ClientRequestToken: 'not a token',
    RotationToken: 'canary',
  });

  expect(fields).toEqual({});
  expect(aboutRequest('canary')).toEqual({});
});
