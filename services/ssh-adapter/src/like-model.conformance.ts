import { describe, expect, test } from 'vitest';

import { parseHostAnswer } from './host-answer.ts';
import {
  block,
  end,
  had,
  inBlock,
  key,
  mark,
  stranger,
  theirs,
  third,
  type Asked,
  type RunOnFile,
} from './host-script.conformance.ts';
import { changeFile, listFile, printAnswer } from './model-host.ts';

export const runModel: RunOnFile = async (file, asked) => {
  const changed =
    asked.operation === 'list'
      ? { text: file ?? '' }
      : changeFile(file ?? '', { key: '', mark: '', options: '', block, ...asked });
  if ('code' in changed) return { file, output: printAnswer(changed) };
  const listed = listFile(changed.text, block);
  return {
    file: changed.text === (file ?? '') ? file : changed.text,
    output: printAnswer('code' in listed ? listed : { ...listed, host: '' }),
  };
};

/** The part of testHostScript that a slow host has the time for: every operation, with a file that has all in it, and with one where it is refused. */
export function testLikeModel(name: string, run: RunOnFile): void {
  const options = 'from="10.0.0.0/8",command="a \\"b\\" $(id) `id` \\\\n"';
  const line = `${options} ${key} ${mark(1)}\n`;
  const full = (ours: string) => `${theirs}#keyturn-off ${third} z\r\n${inBlock(ours, had(third))}# no end`;
  const asked: readonly (readonly [string | undefined, Asked])[] = [
    [full(line), { operation: 'list' }],
    [undefined, { operation: 'add', options }],
    [full(''), { operation: 'add', options }],
    [full(''), { operation: 'join', options }],
    [`no-pty ${key} deploy@laptop\n${full('')}`, { operation: 'mark' }],
    [full(line), { operation: 'disable' }],
    [full(`#keyturn-off ${line}`), { operation: 'enable' }],
    [full(line), { operation: 'remove' }],
    [inBlock(line), { operation: 'remove' }],
    [full(line), { operation: 'mark', mark: stranger }],
    [full('') + end, { operation: 'add' }],
  ];

  describe(`authorized-keys.sh: ${name}`, () => {
    for (const [index, [file, what]] of asked.entries()) {
      test(`${what.operation} (${index}) does and answers what the model does`, async () => {
        const wanted = await runModel(file, { key, mark: mark(1), ...what });

        const after = await run(file, { key, mark: mark(1), ...what });

        expect(after.file).toBe(wanted.file);
        expect(said(after.output)).toEqual(said(wanted.output));
      });
    }
  });
}

// What a host tells of its sshd is nothing that the model knows.
function said(output: string) {
  const answer = parseHostAnswer(output);
  return typeof answer === 'object' ? { ...answer, hostKeys: [], port: undefined } : answer;
}
