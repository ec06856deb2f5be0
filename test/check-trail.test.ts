import { loopbackAws } from '@keyturn/aws/loopback-aws';
import { expect, onTestFinished, test } from 'vitest';

import { sayTrail } from '../infra/check-trail.ts';

async function said(status: number, json: object) {
  const server = await loopbackAws(() => ({ status, json }));
  onTestFinished(() => server.stop());
  const lines: string[] = [];
  const credentials = { accessKeyId: 'local', secretAccessKey: 'local' };
  await sayTrail(
    { endpoint: server.endpoint, region: 'eu-west-1', credentials, attempts: 1 },
    { notice: (line) => lines.push(`notice: ${line}`), warning: (line) => lines.push(`warning: ${line}`) },
  );
  return lines.join('\n');
}

test('an account without a trail is told so after the deployment', async () => {
  expect(await said(200, { trailList: [] })).toMatch(/^warning: In eu-west-1 no CloudTrail trail records\./);
});

test('one with a trail is told which', async () => {
  const trail = { TrailARN: 'arn:aws:cloudtrail:eu-west-1:1:trail/main', HomeRegion: 'eu-west-1' };

  expect(await said(200, { trailList: [trail], IsLogging: true })).toBe(
    `notice: CloudTrail records here: ${trail.TrailARN}`,
  );
});

test('who may not ask is told that, and the deployment has succeeded all the same', async () => {
  expect(await said(400, { __type: 'AccessDeniedException' })).toContain('warning: Whether CloudTrail records');
});

test('not even an answer that nobody expects fails a deployment', async () => {
  expect(await said(200, { trailList: 'none' })).toContain('warning: ');
});
