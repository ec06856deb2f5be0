import { PermanentError } from '@keyturn/rotation/errors';
import { expect, onTestFinished, test } from 'vitest';

import { cloudWatchAges } from './cloud-watch-ages.ts';
import { loopbackAws, type LoopbackAnswer } from './loopback-aws.ts';

const now = Date.parse('2026-11-21T08:00:00Z');

async function agesOver(answer: LoopbackAnswer) {
  const server = await loopbackAws(() => answer);
  onTestFinished(() => server.stop());
  const credentials = { accessKeyId: 'local', secretAccessKey: 'local' };
  const options = { endpoint: server.endpoint, region: 'eu-west-1', credentials, attempts: 1 };
  return { ages: cloudWatchAges(options, { now: () => now, sleep: async () => {} }), server };
}

test('the age is that of the newest measurement, of the queue by name', async () => {
  const at = (minutes: number) => (now - minutes * 60_000) / 1000;
  const { ages, server } = await agesOver({
    json: {
      Datapoints: [
        { Timestamp: at(3), Maximum: 40 },
        { Timestamp: at(1), Maximum: 160 },
        { Timestamp: at(2), Maximum: 100 },
      ],
    },
  });

  expect(await ages('keyturn-test-notifier')).toBe(160_000);
  expect(server.received[0]?.body).toMatchObject({
    Namespace: 'AWS/SQS',
    MetricName: 'ApproximateAgeOfOldestMessage',
    Dimensions: [{ Name: 'QueueName', Value: 'keyturn-test-notifier' }],
  });
});

test('what was not measured is not known, and what may not be asked is an error', async () => {
  const unmeasured = await agesOver({ json: { Datapoints: [] } });
  const denied = await agesOver({ status: 400, json: { __type: 'AccessDeniedException' } });

  expect(await unmeasured.ages('q')).toBeUndefined();
  await expect(denied.ages('q')).rejects.toBeInstanceOf(PermanentError);
});
