import { describe, expect, test } from 'vitest';

import { parseHostAnswer, type HostFile } from './host-answer.ts';
import type { Operation } from './host-document.ts';

export const group = 'web';
export const block = 'test/hosts/web';
export const [key, other, third] = ['A', 'B', 'C'].map(
  (letter) => `ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAI${letter.repeat(43)}`,
) as [string, string, string];
const owner = 'keyturn/v1/111122223333/eu-west-1/test/0123456789abcdef0123456789abcdef';
export const mark = (version: number) => `${owner}/version-${version}`;
export const stranger = mark(1).replace('0123456789abcdef', 'ffffffffffffffff');
const begin = `# BEGIN keyturn ${block}\n`;
export const end = `# END keyturn ${block}\n`;
export const had = (...keys: readonly string[]) => keys.map((one) => `#keyturn-had ${one.slice(-24)}\n`).join('');
/** What is in our block. */
export const inBlock = (...lines: readonly string[]) => `${begin}${lines.join('')}${end}`;
export const theirs = [
  '# of the team',
  '',
  'ssh-rsa AAAAB3NzaC1yc2EAAAADAQABAAABgQ== deploy@laptop',
  '\tfrom="10.0.0.0/8,!10.0.0.1",command="echo \\"hello  world\\" # no comment" ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIZZ  two  words',
  'cert-authority ecdsa-sha2-nistp256 AAAAE2VjZHNhLXNoYTItbmlzdHAyNTYAAAA= ',
  'no key at all, "unfinished',
  '',
].join('\n');

export type Asked = {
  readonly operation: Operation;
  readonly key?: string;
  readonly mark?: string;
  readonly options?: string;
};
/** Runs an operation on a host with such a file (undefined: there is none) and tells the file afterwards. */
export type RunOnFile = (
  file: string | undefined,
  asked: Asked,
) => Promise<{ readonly file: string | undefined; readonly output: string }>;

/** `repeats`: every change is made twice, and looked at in between. What is said of authorized-keys.sh, by a real shell, and of the model that stands for it in the fault lab. */
export function testHostScript(name: string, run: RunOnFile, { repeats = true } = {}): void {
  const change = async (file: string | undefined, asked: Asked) => {
    const after = await run(file, { key, mark: mark(1), ...asked });
    const said = parseHostAnswer(after.output);
    if (typeof said === 'string') {
      expect(after.file).toBe(file);
      return said;
    }
    expect(said, after.output).toBeDefined();
    if (!repeats) return after.file;
    // What was answered is what stands there.
    expect((await list(after.file))?.keys).toEqual(said?.keys);
    const again = await run(after.file, { key, mark: mark(1), ...asked });
    if (asked.operation !== 'join') expect(again.file, 'repeated').toBe(after.file);
    return after.file;
  };
  const list = async (file: string | undefined): Promise<HostFile | undefined> => {
    const after = await run(file, { operation: 'list' });
    expect(after.file).toBe(file);
    const said = parseHostAnswer(after.output);
    return typeof said === 'string' ? undefined : said;
  };
  const on = `${key} ${mark(1)}\n`;
  const off = `#keyturn-off ${key} ${mark(1)}\n`;

  describe(`authorized-keys.sh: ${name}`, () => {
    test('add begins a block behind what stands there, and keeps that byte for byte', async () => {
      expect(await change(theirs, { operation: 'add' })).toBe(theirs + inBlock(on, had(key)));
    });

    test('add makes a file where there is none, or an empty one', async () => {
      expect(await change(undefined, { operation: 'add' })).toBe(inBlock(on, had(key)));
      expect(await change('', { operation: 'add' })).toBe(inBlock(on, had(key)));
    });

    test('add ends a last line that has no end', async () => {
      expect(await change('# no end', { operation: 'add' })).toBe(`# no end\n${inBlock(on, had(key))}`);
    });

    test('add puts the options of the old key before the new one', async () => {
      const options = 'from="10.0.0.0/8",command="a \\"b\\" $(id) `id` \\\\n"';
      expect(await change(theirs, { operation: 'add', options })).toBe(theirs + inBlock(`${options} ${on}`, had(key)));
    });

    test('add leaves a key that is there, but for its options, which follow the old key', async () => {
      const file = (options: string) => theirs + inBlock(options + on, had(key));
      expect(await change(file(''), { operation: 'add' })).toBe(file(''));
      expect(await change(file(''), { operation: 'add', options: 'no-pty' })).toBe(file('no-pty '));
      expect(await change(file('no-pty '), { operation: 'add' })).toBe(file(''));
    });

    test('add refuses a key with another mark, and one that is off', async () => {
      expect(await change(inBlock(on), { operation: 'add', mark: mark(2) })).toBe('other-mark');
      expect(await change(inBlock(`${key} ${stranger}\n`), { operation: 'add' })).toBe('other-mark');
      expect(await change(inBlock(off), { operation: 'add' })).toBe('key-disabled');
    });

    test('add brings back a key that somebody took away, join does not', async () => {
      const file = inBlock(`${other} ${mark(2)}\n`, had(key));
      expect(await change(file, { operation: 'add' })).toBe(inBlock(`${other} ${mark(2)}\n`, had(key), on));
      expect(await change(file, { operation: 'join' })).toBe('known');
    });

    test('join adds a key to a host that never had it, and to no other', async () => {
      expect(await change(theirs, { operation: 'join', options: 'no-pty' })).toBe(
        theirs + inBlock(`no-pty ${on}`, had(key)),
      );
      for (const file of [inBlock(on), inBlock(off), on, off, inBlock(had(key))]) {
        expect(await change(file, { operation: 'join' })).toBe('known');
      }
    });

    test('mark moves the line of a person into our block, with its options, and no other line', async () => {
      const handed = `no-pty ${key} deploy@laptop\n`;
      expect(await change(`${handed}${theirs}`, { operation: 'mark' })).toBe(
        theirs + inBlock(`no-pty ${on}`, had(key)),
      );
      expect(await change(`#keyturn-off ${handed}`, { operation: 'mark' })).toBe(
        inBlock(`#keyturn-off no-pty ${on}`, had(key)),
      );
    });

    test('mark takes over from another version of the secret, never from a stranger', async () => {
      expect(await change(inBlock(on), { operation: 'mark', mark: mark(2) })).toBe(
        inBlock(`${key} ${mark(2)}\n`, had(key)),
      );
      expect(await change(inBlock(`${key}\n`, had(key)), { operation: 'mark' })).toBe(inBlock(on, had(key)));
      expect(await change(inBlock(`${key} ${stranger}\n`), { operation: 'mark' })).toBe('other-mark');
      expect(await change(inBlock(`${key} by hand\n`), { operation: 'mark' })).toBe('other-mark');
      expect(await change(theirs, { operation: 'mark' })).toBe('no-key');
    });

    test('disable makes a comment of the line, enable a line of the comment', async () => {
      const file = (line: string) => theirs + inBlock(line, `${other} ${mark(2)}\n`);
      expect(await change(file(on), { operation: 'disable' })).toBe(file(off));
      expect(await change(file(off), { operation: 'enable' })).toBe(file(on));
      expect(await change(file(`no-pty ${on}`), { operation: 'disable' })).toBe(file(`#keyturn-off no-pty ${on}`));
      expect(await change(file(`#keyturn-off no-pty ${on}`), { operation: 'enable' })).toBe(file(`no-pty ${on}`));
      expect(await change(file(''), { operation: 'disable' })).toBe(file(''));
      expect(await change(file(''), { operation: 'enable' })).toBe('no-key');
    });

    test('remove takes exactly the line of the key, on or off', async () => {
      const file = (line: string) => theirs + inBlock(line, `${other} ${mark(2)}\n`, `${key}x ${mark(1)}\n`);
      for (const line of [on, off, `no-pty ${on}`])
        expect(await change(file(line), { operation: 'remove' })).toBe(file(''));
      expect(await change(file(''), { operation: 'remove' })).toBe(file(''));
    });

    for (const operation of ['disable', 'enable', 'remove'] as const) {
      test(`${operation} refuses a key without the mark of this secret`, async () => {
        for (const comment of [` ${stranger}`, ' by hand', '']) {
          const line = `${operation === 'enable' ? '#keyturn-off ' : ''}${key}${comment}\n`;
          expect(await change(theirs + inBlock(line), { operation })).toBe('other-mark');
        }
        expect(await change(`${theirs}${operation === 'enable' ? off : on}`, { operation })).toBe('other-mark');
      });

      test(`${operation} refuses a key that somebody copied to another place`, async () => {
        const line = operation === 'enable' ? off : on;
        expect(await change(`${key} copy\n${theirs}${inBlock(line)}`, { operation })).toBe('copied');
      });
    }

    for (const operation of ['disable', 'remove'] as const) {
      test(`${operation} refuses the last key that opens the host`, async () => {
        expect(await change(inBlock(on), { operation })).toBe('last-key');
        expect(await change(`#keyturn-off ${other} x\n# ${third}\n${inBlock(on)}`, { operation })).toBe('last-key');
        expect(await change(`expiry-time="20200101" ${other} x\n${inBlock(on)}`, { operation })).toBe('last-key');
        expect(await change(`${other} x\n${inBlock(on)}`, { operation })).not.toBe('last-key');
      });
    }

    test('remove takes a last key that is off', async () => {
      expect(await change(inBlock(off), { operation: 'remove' })).toBe(inBlock());
    });

    test('keeps the ends of lines that a person uses', async () => {
      const file = `# a\r\n${other} x\r\n`;
      expect(await change(file, { operation: 'add' })).toBe(file + inBlock(on, had(key)));
    });

    const broken = {
      'no end': begin + on,
      'no beginning': on + end,
      'two blocks': inBlock(on) + inBlock(),
      'a block in a block': `${begin}${begin}${end}${end}`,
      'turned around': end + on + begin,
    };
    for (const [what, file] of Object.entries(broken)) {
      test(`refuses every operation where somebody edited the marks of the block: ${what}`, async () => {
        for (const operation of ['list', 'add', 'join', 'mark', 'disable', 'enable', 'remove'] as const) {
          const after = await run(theirs + file, { operation, key, mark: mark(1) });
          expect(parseHostAnswer(after.output)).toBe('hand-edited');
          expect(after.file).toBe(theirs + file);
        }
      });
    }

    test('leaves the block of another installation alone', async () => {
      const foreign = inBlock(`${other} ${stranger}\n`).replaceAll('test/hosts/web', 'production/hosts/web');
      expect(await change(foreign, { operation: 'add' })).toBe(foreign + inBlock(on, had(key)));
    });

    test('list tells every key, where it stands, and which ones stood there once', async () => {
      const seen = await list(
        `${theirs}#keyturn-off ${third} z\n${inBlock(`no-pty ${on}`, `#keyturn-off ${other} ${mark(2)}\n`, had(third))}`,
      );

      expect(seen?.hasBlock).toBe(true);
      expect([...(seen?.had ?? [])]).toEqual([third.slice(-24)]);
      const inOurs = seen?.keys.filter((one) => one.inBlock);
      expect(inOurs).toEqual([
        { options: 'no-pty', publicKey: key, comment: mark(1), inBlock: true, enabled: true },
        { options: '', publicKey: other, comment: mark(2), inBlock: true, enabled: false },
      ]);
      const outside = seen?.keys
        .filter((one) => !one.inBlock)
        .map(({ publicKey, enabled }) => [publicKey.split(' ')[0], enabled]);
      expect(outside).toEqual([
        ['ssh-rsa', true],
        ['ssh-ed25519', true],
        ['ecdsa-sha2-nistp256', true],
        ['ssh-ed25519', false],
      ]);
      expect(seen?.keys.find(({ options }) => options.startsWith('from='))).toMatchObject({
        options: 'from="10.0.0.0/8,!10.0.0.1",command="echo \\"hello  world\\" # no comment"',
        comment: 'two  words',
      });
    });

    test('list tells of a host that never heard of the group', async () => {
      expect(await list(undefined)).toMatchObject({ hasBlock: false, keys: [] });
    });

    test('remembers forty keys, and forgets the oldest', async () => {
      const tails = Array.from({ length: 40 }, (_, index) => `#keyturn-had ${String(index).padStart(24, 'x')}\n`);
      const after = await change(inBlock(...tails), { operation: 'add' });
      expect(after).toBe(inBlock(...tails.slice(1), on, had(key)));
    });
  });
}
