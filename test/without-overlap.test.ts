import { expect, describe, test } from 'vitest';

import { readLive } from '@keyturn/cleanup/managed-versions';
import { settleCurrent } from '@keyturn/cleanup/settle-current';
import { rotateSecret } from '@keyturn/rotation-handler/rotate-secret';
import { parseRotationRequest } from '@keyturn/rotation-handler/rotation-request';
import type { Deps } from '@keyturn/rotation-handler/rotation';
import { SecretRotated } from '@keyturn/events/secret-rotated';
import { RotationFailed } from '@keyturn/events/rotation-failed';

import { keyturn } from './keyturn.ts';
import { live, stage } from './played-stage.ts';
import { day, hour, minute, steps, world, type World } from './world.ts';

// The world begins on a Saturday at 08:00 UTC, as the window of the policy does.
const tags = { 'keyturn:policy': 'replacing' };
const kinds = [
  { mode: 'generated' },
  { mode: 'generated', replaced: 'gone' },
  { mode: 'chosen' },
  { mode: 'chosen', replaced: 'gone' },
] as const;
const replacing = (kind: (typeof kinds)[number]) => world({ ...kind, overlap: 'none', tags });

const step = (w: World, name: string, token: string, deps: Partial<Deps> = {}) =>
  rotateSecret(
    {
      request: parseRotationRequest({ Step: name, SecretId: w.arn, ClientRequestToken: token }),
      ownArn: w.handlerArn,
      deadline: w.clock.now() + 14 * minute,
    },
    { ...w.rotation, ...deps },
  );
const working = (w: World) => w.provider.stored('orders-app').filter(({ enabled }) => enabled);
const failures = (w: World) => w.events('RotationFailed').map((event) => RotationFailed.parse(event).data);

describe.each(kinds)('a provider that ends the old key with the new one (%o)', (kind) => {
  test('is rotated in the window, told as it is, and leaves one key', async () => {
    const w = await replacing(kind);
    const s = stage(w);
    await s.deliver();

    for (let round = 0; round < 2; round += 1) {
      await s.rotate();
      await s.deliver();
      expect(w.provider.acceptedBy(await w.credentialIn())).toEqual([true, true, true]);
      await live(w, 7, async () => {});
      w.pass(8 * hour - (w.clock.now() % day));
    }

    const [first, second] = w.events('SecretRotated').map((event) => SecretRotated.parse(event));
    expect(Date.parse(first!.data.oldCredentialValidUntil ?? '')).toBeLessThanOrEqual(
      Date.parse(first!.metadata.occurredAt),
    );
    expect(second).toBeDefined();
    expect(working(w)).toHaveLength(1);
    expect(s.mails.map(({ subject }) => subject).join('\n')).toContain('the old key stopped working');
    expect(failures(w)).toEqual([]);
    expect(w.events('RetirementHeld')).toEqual([]);
    expect(w.events('CredentialRestored')).toEqual([]);
    expect(w.events('CredentialRetired')).toHaveLength(2);
  });

  test('becomes current as soon as its nodes accept it, and not after the hold-off', async () => {
    const w = await world({ ...kind, overlap: 'none', tags, nodes: [{ learnsMs: 1000, forgetsMs: 0 }] });
    const begunAt = w.clock.now();

    await stage(w).rotate();

    expect(w.clock.now() - begunAt).toBeLessThan(10_000);
  });

  test('is left alone outside of the window, by hand too, and the owner is told once', async () => {
    const w = await replacing(kind);
    const token = await w.begin();
    w.pass(3 * hour);

    for (let attempt = 0; attempt < 3; attempt += 1) {
      await expect(step(w, 'createSecret', token)).rejects.toMatchObject({ reason: 'outside-window' });
    }
    const { code, text } = await keyturn(w, 'rotate', 'orders/apigee');

    expect(w.provider.stored('orders-app')).toHaveLength(1);
    expect(w.provider.acceptedBy(w.handMade)).toEqual([true, true, true]);
    expect(failures(w)[0]).toMatchObject({ reason: 'outside-window', liveCredential: 'old' });
    expect(new Set(w.events('RotationFailed').map(({ detail }) => detail.metadata.idempotencyKey)).size).toBe(1);
    expect([code, text]).toEqual([1, expect.stringContaining('2026-11-28')]);
  });

  test('goes on with what has begun, also after the window, and after any crash: an outage that lasts helps nobody', async () => {
    for (const interrupted of steps) {
      for (const crash of ['before', 'after'] as const) {
        const w = await replacing(kind);
        const token = await w.begin();
        for (const name of steps.slice(0, steps.indexOf(interrupted))) await step(w, name, token);
        await dying(w, interrupted, token, crash);
        if (crash === 'after' || interrupted !== 'createSecret') w.pass(5 * minute);

        for (const name of steps) await step(w, name, token);

        expect(working(w), `${crash} ${interrupted}`).toHaveLength(1);
        expect(w.provider.acceptedBy(await w.credentialIn())).toEqual([true, true, true]);
        expect(working(w)[0]?.entitlements).toEqual(['read', 'write']);
      }
    }
  });

  test('a key whose answer was lost is replaced by the next try, hours after the window', async () => {
    const w = await replacing(kind);
    const token = await w.begin();
    const makes = kind.mode === 'generated' ? 'createSecret' : 'setSecret';
    for (const name of steps.slice(0, steps.indexOf(makes))) await step(w, name, token);
    // The current key is marked first.
    await w.provider.mark({ target: 'orders-app', keyId: w.handMade.keyId, mark: w.mark(w.firstVersion) });
    w.provider.faults.loseAnswer(1);
    await expect(step(w, makes, token)).rejects.toMatchObject({ name: 'TransientError' });
    w.provider.faults.calm();
    expect(failures(w).at(-1)).toMatchObject({ liveCredential: 'unknown' });
    w.pass(20 * hour);

    for (const name of steps.slice(steps.indexOf(makes))) await step(w, name, token);

    expect(working(w)).toHaveLength(1);
    expect(w.provider.acceptedBy(await w.credentialIn())).toEqual([true, true, true]);
    expect(working(w)[0]?.entitlements).toEqual(['read', 'write']);
  });

  test('a rotation that was given up in the middle is made good by the next one, whatever the time', async () => {
    const w = await replacing(kind);
    const token = await w.begin();
    for (const name of ['createSecret', 'setSecret'] as const) await step(w, name, token);
    await w.secrets.dropPending({ arn: w.arn, versionId: token });
    w.model.rotations.ended({ arn: w.arn, token, succeeded: false });
    w.pass(5 * hour);
    const next = await w.begin();

    for (const name of steps) await step(w, name, next);

    expect(working(w).map(({ mark }) => mark)).toEqual([w.mark(next)]);
    expect(w.provider.acceptedBy(await w.credentialIn())).toEqual([true, true, true]);
  });

  test('a sweep in the middle of it switches nothing, and says nothing', async () => {
    const w = await replacing(kind);
    const s = stage(w);
    await s.deliver();
    await s.rotate(async (name) => {
      await s.deliver();
      if (name === 'testSecret' || name === 'finishSecret') await live(w, 1 / 24, async () => {});
    });
    await s.deliver();

    expect(w.events('RetirementHeld')).toEqual([]);
    expect(w.events('CredentialRestored')).toEqual([]);
    expect(working(w)).toHaveLength(1);
  });

  test('a current key that has ended is not switched on again in the middle of it', async () => {
    const w = await replacing(kind);
    const token = await w.begin();
    for (const name of ['createSecret', 'setSecret'] as const) await step(w, name, token);

    const restored = await settleCurrent(await readLive(w.arn, w.cleanup), w.cleanup);

    expect(restored).toBe(false);
    expect(working(w).map(({ mark }) => mark)).toEqual([w.mark(token)]);
  });

  test('cannot be rolled back, and plan and rollback say so in words', async () => {
    const w = await replacing(kind);
    await stage(w).rotate();

    const plan = await keyturn(w, 'plan', 'orders/apigee');
    const back = await keyturn(w, 'rollback', 'orders/apigee', '--yes');

    expect(plan.text).toMatch(/requests fail in the rotation, begun between 2026-\S+ \S+.* and 2026-/);
    expect(plan.text).not.toContain('lets the present key work');
    expect([back.code, back.text]).toEqual([1, expect.stringContaining('there is nothing to go back to')]);
    expect(working(w)).toHaveLength(1);
  });
});

test('who adopts a secret for such a provider is told what each rotation will mean', async () => {
  const w = await world({ mode: 'generated', overlap: 'none' });
  const s = stage(w);
  await s.deliver();

  const picked = ['--provider', 'apigee', '--policy', 'replacing', '--shape', 'pair', '--owner', 'orders'];
  const { code } = await keyturn(w, 'adopt', 'orders/apigee', ...picked, '--yes');
  await s.deliver();

  expect(code).toBe(0);
  expect(s.mails.map(({ text }) => text).join('\n')).toContain('requests fail in each rotation');
});

test('a policy that accepts an outage rotates no provider whose keys work side by side', async () => {
  const w = await world({ tags });

  const creating = step(w, 'createSecret', await w.begin());

  await expect(creating).rejects.toMatchObject({ reason: 'misconfigured', field: 'policies.replacing.acceptOutage' });
  expect(w.provider.stored('orders-app')).toHaveLength(1);
});

test('a policy that does not is refused by a provider whose keys do not', async () => {
  const w = await world({ overlap: 'none' });

  const creating = step(w, 'createSecret', await w.begin());

  await expect(creating).rejects.toMatchObject({ reason: 'unsupported', field: 'overlap' });
  expect(w.provider.acceptedBy(w.handMade)).toEqual([true, true, true]);
});

/** One step that dies before or after what it writes into Secrets Manager. */
async function dying(w: World, name: string, token: string, when: 'before' | 'after'): Promise<void> {
  const dies =
    <Args extends readonly unknown[], Result>(call: (...args: Args) => Promise<Result>) =>
    async (...args: Args): Promise<Result> => {
      if (when === 'after') await call(...args);
      throw new Error('died');
    };
  const secrets = {
    ...w.secrets,
    putPending: dies((pending: Parameters<typeof w.secrets.putPending>[0]) => w.secrets.putPending(pending)),
    moveCurrent: dies((move: Parameters<typeof w.secrets.moveCurrent>[0]) => w.secrets.moveCurrent(move)),
  };
  await step(w, name, token, { secrets }).catch(() => undefined);
}
