import { inspect } from 'node:util';

import { memoryLog } from '@keyturn/lambda/memory-log';
import { PermanentError, TransientError } from '@keyturn/rotation/errors';
import { expect, test } from 'vitest';

import { minute, steps, world, type World } from '../../../test/world.ts';
import { failureCount } from './failure-count.ts';
import { parseRotationRequest } from './rotation-request.ts';
import type { Deps } from './rotation.ts';
import { rotateSecret } from './rotate-secret.ts';

function step(w: World, name: string, token: string, deps: Partial<Deps> = {}) {
  const request = parseRotationRequest({ Step: name, SecretId: w.arn, ClientRequestToken: token });
  return rotateSecret(
    { request, ownArn: w.handlerArn, deadline: w.clock.now() + 14 * minute },
    { ...w.rotation, ...deps },
  );
}

test('an event that cannot be published does not hide the failure from Secrets Manager', async () => {
  const w = await world();
  const token = await w.begin();
  const bus = { publish: () => Promise.reject(new TransientError('no bus')) };
  w.provider.faults.always('unavailable');

  const creating = step(w, 'createSecret', token, { bus });

  await expect(creating).rejects.toThrow('The provider is not available');
});

test('a failure after the label moved says that the new credential is live', async () => {
  const w = await world();
  const token = await w.begin();
  for (const name of steps.slice(0, 3)) await step(w, name, token);
  const moveCurrent: typeof w.secrets.moveCurrent = async (request) => {
    await w.secrets.moveCurrent(request);
    throw new TransientError('no answer');
  };

  const finishing = step(w, 'finishSecret', token, { secrets: { ...w.secrets, moveCurrent } });

  await expect(finishing).rejects.toThrow('no answer');
  expect(w.events('RotationFailed')).toMatchObject([{ detail: { data: { liveCredential: 'new' } } }]);
});

test('I11: a version that is current by the time its rotation fails for good is not told as failed', async () => {
  const w = await world();
  const token = await w.begin();
  for (const name of steps.slice(0, 3)) await step(w, name, token);
  const moveCurrent: typeof w.secrets.moveCurrent = async (request) => {
    await w.secrets.moveCurrent(request);
    throw new PermanentError('not-yours', 'somebody else was quicker');
  };

  const finishing = step(w, 'finishSecret', token, { secrets: { ...w.secrets, moveCurrent } });

  await expect(finishing).rejects.toThrow('somebody else was quicker');
  expect(w.events('RotationFailed')).toEqual([]);
});

type Trouble = (w: World) => unknown;

test.each<[string, string, number, Trouble]>([
  ['is off', 'key-disabled', 0, ({ provider, handMade }) => provider.hand.disable(handMade.keyId.reveal())],
  [
    'is off since the rotation began',
    'key-disabled',
    1,
    ({ provider, handMade }) => provider.hand.disable(handMade.keyId.reveal()),
  ],
  ['is deleted', 'not-yours', 0, ({ provider, handMade }) => provider.hand.remove(handMade.keyId.reveal())],
  ['is of an app that is off', 'key-rejected', 2, ({ provider }) => provider.switchOff('orders-app')],
  [
    'is of an app that is gone',
    'target-missing',
    0,
    ({ model, arn }) => model.tagResource({ SecretId: arn, Tags: [{ Key: 'keyturn:target', Value: 'gone-app' }] }),
  ],
])('nobody is told that applications go on where the current key %s', async (_what, reason, done, trouble) => {
  const w = await world();
  const token = await w.begin();
  for (const name of steps.slice(0, done)) await step(w, name, token);
  await trouble(w);

  await expect(step(w, steps[done] ?? '', token)).rejects.toMatchObject({ reason });

  expect(w.events('RotationFailed')).toMatchObject([{ detail: { data: { reason, liveCredential: 'unknown' } } }]);
});

test('nobody is told that applications go on where the secret holds no key', async () => {
  const w = await world();
  await w.paste('a note to myself');
  const token = await w.begin();

  await expect(step(w, 'createSecret', token)).rejects.toMatchObject({ reason: 'shape-mismatch' });

  expect(w.events('RotationFailed')).toMatchObject([{ detail: { data: { liveCredential: 'unknown' } } }]);
});

test('of a new key that somebody switched off just before its use, the old one stays in use', async () => {
  const w = await world();
  const token = await w.begin();
  for (const name of steps.slice(0, 3)) await step(w, name, token);
  w.provider.hand.disable((await w.credentialIn(token)).keyId.reveal());

  await expect(step(w, 'finishSecret', token)).rejects.toMatchObject({ reason: 'key-disabled' });

  expect(w.events('RotationFailed')).toMatchObject([{ detail: { data: { liveCredential: 'old' } } }]);
});

test('a fault that nobody foresaw is told as internal, without its message, and may be retried', async () => {
  const w = await world();
  const token = await w.begin();
  const provider = () => ({ ...w.provider, propose: () => Promise.reject(new TypeError('canary')) });

  await expect(step(w, 'createSecret', token, { provider })).rejects.toThrow(TypeError);

  expect(w.events('RotationFailed')).toMatchObject([{ detail: { data: { reason: 'internal', retryable: true } } }]);
  expect(JSON.stringify(w.events())).not.toContain('canary');
});

test('each attempt of a token is counted', async () => {
  const w = await world();
  const token = await w.begin();
  const countFailure = failureCount();
  w.provider.faults.always('unavailable');

  for (let attempt = 0; attempt < 3; attempt += 1) {
    await step(w, 'createSecret', token, { countFailure }).catch(() => undefined);
  }

  const told = w.events('RotationFailed');
  expect(told.map(({ detail }) => detail.data)).toMatchObject([{ attempt: 1 }, { attempt: 2 }, { attempt: 3 }]);
  expect(new Set(told.map(({ detail }) => detail.metadata.idempotencyKey)).size).toBe(1);
});

test('counts by token, and forgets the oldest of too many', () => {
  const count = failureCount();

  const first = [count('a'), count('b'), count('a')];
  for (let other = 0; other < 1000; other += 1) count(`token ${other}`);

  expect(first).toEqual([1, 1, 2]);
  expect(count('a')).toBe(1);
});

test('I6: no log line, error or event of a whole rotation holds a key, not even where the probe proves nothing', async () => {
  const w = await world();
  const token = await w.begin();
  const log = memoryLog();
  const hints = { send: () => Promise.reject(new Error('down')) };
  const errors: unknown[] = [];
  for (const name of steps.slice(0, 3)) await step(w, name, token, { log });
  w.provider.acceptAnything();
  await step(w, 'testSecret', token, { log }).catch((error: unknown) => errors.push(error));
  await step(w, 'finishSecret', token, { log, hints });

  const shown = inspect([log.lines, errors, w.events()], { depth: null, showHidden: true });

  const next = await w.credentialIn();
  expect(errors).toMatchObject([{ reason: 'accepts-anything' }]);
  expect(log.lines).not.toEqual([]);
  for (const value of [next.keyId, next.secret, w.handMade.keyId, w.handMade.secret]) {
    expect(shown).not.toContain(value.reveal());
    expect(shown).not.toContain(Buffer.from(value.reveal()).toString('base64'));
  }
});
