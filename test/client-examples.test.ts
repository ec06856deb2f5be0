import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';

import { expect, test } from 'vitest';

import { root } from './source-files.ts';

const run = promisify(execFile);
const play = async (example: string) =>
  (await run(process.execPath, [join(root, 'examples', example, 'try-it.ts')], { timeout: 30_000 })).stdout;

test(
  'examples/lambda: no request fails, and the event of a rotation is not a request',
  { timeout: 60_000 },
  async () => {
    const lines = (await play('lambda')).trim().split('\n');

    expect(lines.slice(0, 2).map((line) => line.replace(/^.*: /, ''))).toEqual([
      '{"statusCode":200}',
      '{"statusCode":200}',
    ]);
    expect(lines[2]).toContain('"secretId":"arn:aws:secretsmanager:');
  },
);

test('examples/ecs: the server hears of a rotation by itself, and no request fails', { timeout: 60_000 }, async () => {
  const story = await play('ecs');

  expect(story).toMatch(/before the rotation: 200\n.*rotatedTo.*\nthe old key is gone: 200\n/s);
});
