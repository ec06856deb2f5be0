import { PermanentError } from '@keyturn/rotation/errors';
import { parseMark } from '@keyturn/rotation/mark';

export type Label = {
  /** What people wrote. */
  readonly human: string;
  readonly mark: string | undefined;
  /** Nobody was told of the key yet: until `ensure` it may be a leftover. */
  readonly proposed: boolean;
};

const proposal = '/new';

/** A label is what people wrote, and behind it our mark. Whatever begins like one is a mark, a stranger's if nobody can read it. */
export function readLabel(text: string): Label {
  const [, human = '', last] = /^(?:([\s\S]*)\s)?(keyturn\/[\s\S]*)$/.exec(text) ?? [];
  if (last === undefined) return { human: text, mark: undefined, proposed: false };
  const settled = last.endsWith(proposal) ? last.slice(0, -proposal.length) : undefined;
  const proposed = settled !== undefined && parseMark(settled) !== undefined;
  return { human: human.trim(), mark: proposed ? settled : last, proposed };
}

/** PermanentError misconfigured where the API takes no label that long. What people wrote is cut off first. */
export function writeLabel({ human, mark, proposed }: Label, longest: number): string {
  const behind = `${mark ?? ''}${proposed ? proposal : ''}`;
  if (behind.length > longest) {
    const problem = `A mark has ${behind.length} characters, and longestLabel is ${longest}: take a shorter name for the stage`;
    throw new PermanentError('misconfigured', problem, { field: 'longestLabel' });
  }
  const before = human.slice(0, Math.max(0, longest - behind.length - 1)).trim();
  return before === '' ? behind : `${before} ${behind}`;
}
