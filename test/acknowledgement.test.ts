import { EventBridgeClient, PutEventsCommand } from '@aws-sdk/client-eventbridge';
import { parseOutcome, settleRotation } from '@keyturn/cleanup/settle-rotation';
import { createSecrets } from '@keyturn/client';
import { acknowledge } from '@keyturn/client/acknowledge';
import { RetirementHeld } from '@keyturn/events/retirement-held';
import { onQueue } from '@keyturn/lambda/on-queue';
import { deployTemplate } from '@keyturn/local-aws/deploy-template';
import { localAws } from '@keyturn/local-aws/local-aws';
import { readCredential } from '@keyturn/rotation/shape';
import { hidden } from '@keyturn/rotation/hidden';
import { expect, onTestFinished, test } from 'vitest';

import { busPolicy } from '../infra/acknowledgements.ts';
import { keyturn } from './keyturn.ts';
import { live, stage } from './played-stage.ts';
import { composedTemplate } from './template.ts';
import { hour, minute, world, type World } from './world.ts';

/** What the template says of the bus, of who may put events on it, and of the way to cleanup; cleanup itself runs in the world. */
async function bus(w: World) {
  const errors: unknown[] = [];
  const clock = { now: w.clock.now, sleep: (ms: number) => new Promise<void>((resolve) => setTimeout(resolve, ms)) };
  const aws = await localAws({ clock, onBug: (error) => void errors.push(error) });
  onTestFinished(() => aws.close());
  const { resources } = composedTemplate();
  const ids = ['Bus', 'CleanupQueue', 'CleanupDlq', 'CleanupRule', 'CleanupQueuePolicy'];
  const Resources = {
    ...Object.fromEntries(ids.map((id) => [id, resources[id]])),
    ...busPolicy(w.config),
    Cleanup: {
      Type: 'AWS::Lambda::Function',
      Properties: { FunctionName: 'cleanup', Handler: 'services/cleanup/src/handler.handler', Timeout: 120 },
    },
    CleanupMapping: {
      Type: 'AWS::Lambda::EventSourceMapping',
      Properties: { FunctionName: { Ref: 'Cleanup' }, EventSourceArn: { 'Fn::GetAtt': ['CleanupQueue', 'Arn'] } },
    },
  };
  const deadLetters: string[] = [];
  const handler = onQueue({
    service: 'cleanup',
    parse: parseOutcome,
    handle: (outcome) => settleRotation(outcome, w.cleanup),
    consumed: { deadLetter: async (body) => void deadLetters.push(body), delay: async () => undefined },
    log: w.log,
  });
  await deployTemplate(aws, { Resources }, { loadFunction: async () => (event: unknown) => handler(event) });
  const { Name } = resources['Bus']!.Properties as { Name: string };
  const arn = `arn:aws:events:${aws.region}:${aws.account}:event-bus/${Name}`;
  /** Somebody with credentials of that account. */
  const clientOf = (account: string) =>
    new EventBridgeClient({
      endpoint: aws.url,
      region: aws.region,
      credentials: { accessKeyId: account, secretAccessKey: 'local' },
      maxAttempts: 1,
    });
  return { aws, arn, clientOf, deadLetters, errors };
}

/** A process of an application in another account, which reads the secret by the client and tells which version it uses. */
function application(w: World, { arn, clientOf }: Awaited<ReturnType<typeof bus>>, account = '444455556666') {
  const source = {
    async get({ secretId }: { readonly secretId: string }) {
      const {
        ARN = '',
        Name = '',
        VersionId = '',
        SecretString,
      } = await w.model.getSecretValue({ SecretId: secretId });
      return { arn: ARN, name: Name, versionId: VersionId, text: SecretString };
    },
  };
  const runtime = {
    now: w.clock.now,
    random: () => 0,
    after: (ms: number, run: () => void) => {
      const timer = setTimeout(run, ms);
      return () => clearTimeout(timer);
    },
    env: {},
  };
  const secrets = createSecrets({ source, runtime });
  const telling = acknowledge(secrets, {
    bus: arn,
    reader: 'shop',
    client: clientOf(account),
    runtime,
  });
  const orders = telling(secrets.secret('orders/apigee', { format: 'text' }));
  return {
    /** Uses what it holds, however old. */
    use: async () => {
      const text = orders.peek()?.value ?? (await orders.get());
      await secrets.settled();
      const key = readCredential({ id: 'pair', keyId: '/key', secret: '/secret' }, { text: hidden(text) });
      return key !== undefined && w.provider.acceptedBy(key).every(Boolean);
    },
    readAgain: async () => {
      await orders.refresh();
      await orders.get();
      await secrets.settled();
    },
  };
}

async function setUp() {
  const w = await world({ tags: { 'keyturn:policy': 'told' } });
  await w.provider.mark({ target: 'orders-app', keyId: w.handMade.keyId, mark: w.mark(w.firstVersion) });
  const s = stage(w);
  await s.deliver();
  await w.seen();
  return { w, s, b: await bus(w) };
}

const firstKey = (w: World) => w.keys().get(w.handMade.keyId.reveal()) ?? 'absent';
const held = (w: World) => w.events('RetirementHeld').map((event) => RetirementHeld.parse(event).data);

test('an application in another account is late: the old key waits for it and works until it has told of the new one', async () => {
  const { w, s, b } = await setUp();
  const shop = application(w, b);
  expect(await shop.use()).toBe(true);
  await b.aws.idle();
  await s.rotate();
  await s.deliver();

  // Its cache is of the worst kind: it goes on with the old key for two days, a day longer than the grace.
  const works: boolean[] = [];
  await live(w, 2, async () => void works.push(await shop.use()));
  await s.deliver();
  const [status, plan] = [await keyturn(w, 'status', 'orders/apigee'), await keyturn(w, 'plan', 'orders/apigee')];
  const meanwhile = firstKey(w);
  await shop.readAgain();
  await b.aws.idle();
  const after = await keyturn(w, 'status', 'orders/apigee');
  await live(w, 1, async () => void works.push(await shop.use()));

  expect(new Set(works)).toEqual(new Set([true]));
  expect(meanwhile).toBe('enabled');
  expect(held(w)).toMatchObject([{ reason: 'not-adopted', lateReaders: ['shop'] }]);
  expect(s.mails.at(-1)?.text).toContain('In the configuration it is: shop.');
  for (const { text } of [status, plan]) expect(text).toContain('reader shop: LATE, said');
  expect(status.text).toContain('reader billing: never said which version it uses');
  expect(after.text).toContain('reader shop: uses the current version');
  expect(firstKey(w)).toBe('disabled');
  expect([b.deadLetters, b.errors]).toEqual([[], []]);
});

test('where nobody is late the grace is as long as ever', async () => {
  const { w, s, b } = await setUp();
  const shop = application(w, b);
  await shop.use();
  await b.aws.idle();
  await s.rotate();
  await s.deliver();
  await shop.readAgain();
  await b.aws.idle();

  await live(w, 1, async () => undefined);
  const inGrace = firstKey(w);
  w.pass(hour);
  await live(w, 1 / 12, async () => undefined);

  expect([inGrace, firstKey(w), held(w)]).toEqual(['enabled', 'disabled', []]);
});

test('an account that nobody declared is refused by the bus and told of nothing; what it wants to say changes nothing', async () => {
  const { w, s, b } = await setUp();
  const stranger = application(w, b, '123412341234');

  expect(await stranger.use()).toBe(true);
  await b.aws.idle();
  await s.rotate();
  await s.deliver();
  await live(w, 26 / 24, async () => undefined);

  expect(b.aws.events).toEqual([]);
  expect(firstKey(w)).toBe('disabled');
});

test.each([
  ['another event of ours', { Source: 'keyturn', DetailType: 'VerificationFailed' }],
  ['the event under another source', { Source: 'aws.keyturn', DetailType: 'VersionAdopted' }],
  ['anything', { Source: 'shop', DetailType: 'Bought' }],
])('a declared account may not put %s', async (_, event) => {
  const { b } = await setUp();
  const entry = { EventBusName: b.arn, Detail: '{}', ...event };
  const put = (account: string) => b.clientOf(account).send(new PutEventsCommand({ Entries: [entry] }));

  await expect(put('444455556666')).rejects.toThrow('may not put this event');
  await expect(put('777788889999')).rejects.toThrow('may not put this event');

  expect(b.aws.events).toEqual([]);
});

test('one reader cannot speak for another: the account on the envelope is who sent it', async () => {
  const { w, b } = await setUp();
  // Declared for billing, and says that it is shop.
  const billing = application(w, b, '777788889999');

  await billing.use();
  await b.aws.idle();
  w.pass(minute);

  expect(b.aws.events).toMatchObject([{ account: '777788889999', 'detail-type': 'VersionAdopted' }]);
  expect(w.log.lines).toContainEqual(expect.objectContaining({ because: 'the account is none of the reader' }));
  expect((await keyturn(w, 'status', 'orders/apigee')).text).toContain('reader shop: never said');
  expect(b.deadLetters).toEqual([]);
});
