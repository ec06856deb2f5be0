import * as z from 'zod';

import { ServiceError } from './service-error.ts';

/** Whether an event fits. */
export type Pattern = (event: unknown) => boolean;

/** A compiled pattern of EventBridge. InvalidEventPatternException names what is wrong with it. */
export function eventPattern(source: unknown): Pattern {
  const pattern = typeof source === 'string' ? parsed(source) : source;
  if (!isObject(pattern) || Object.keys(pattern).length === 0) throw invalid('it is no object, or an empty one');
  return objectPattern(pattern, '');
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw invalid('it is not JSON');
  }
}

const invalid = (why: string) =>
  new ServiceError('InvalidEventPatternException', `Event pattern is not valid. Reason: ${why}`);

type Tree = Readonly<Record<string, unknown>>;
const isObject = (value: unknown): value is Tree =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

function objectPattern(pattern: Tree, path: string): Pattern {
  const fields = Object.entries(pattern).map(([key, rule]) => {
    const place = path === '' ? key : `${path}.${key}`;
    if (key === '$or') return alternatives(rule, path);
    const fits = fieldPattern(rule, place);
    return (value: unknown) => fits(isObject(value) && Object.hasOwn(value, key) ? value[key] : undefined);
  });
  return (value) => fields.every((fits) => fits(value));
}

function alternatives(rule: unknown, path: string): Pattern {
  if (!Array.isArray(rule) || rule.length < 2 || !rule.every(isObject)) throw invalid('$or needs at least two objects');
  const patterns = rule.map((alternative) => objectPattern(alternative, path));
  return (value) => patterns.some((fits) => fits(value));
}

function fieldPattern(rule: unknown, path: string): Pattern {
  if (isObject(rule)) {
    if (Object.keys(rule).length === 0) throw invalid(`${path} is an empty object`);
    const inner = objectPattern(rule, path);
    // An array of objects fits when one of them does.
    return (value) => (Array.isArray(value) ? value.some((element) => inner(element)) : inner(value));
  }
  if (!Array.isArray(rule)) throw invalid(`${path} must be an object or an array`);
  if (rule.length === 0) throw invalid(`${path} is an empty array`);
  const matchers = rule.map((condition) => matcher(condition, path));
  return (value) => matchers.some((fits) => fits(value));
}

function matcher(condition: unknown, path: string): Pattern {
  if (!isObject(condition)) {
    if (Array.isArray(condition)) throw invalid(`${path} holds an array in an array`);
    return onLeaves((leaf) => leaf === condition);
  }
  const [[name, argument] = ['', undefined], ...more] = Object.entries(condition);
  if (more.length > 0) throw invalid(`${path} holds a condition with more than one operator`);
  if (name === 'exists') return exists(argument, path);
  return onLeaves(leafMatcher(name, argument, path));
}

/** An array fits when one of its elements does; an object or a missing field never does. */
function onLeaves(fits: (leaf: unknown) => boolean): Pattern {
  return (value) => {
    const leaves = Array.isArray(value) ? value : [value];
    return leaves.some((leaf) => leaf !== undefined && !isObject(leaf) && !Array.isArray(leaf) && fits(leaf));
  };
}

function exists(wanted: unknown, path: string): Pattern {
  if (typeof wanted !== 'boolean') throw invalid(`exists of ${path} must be true or false`);
  return (value) => (value !== undefined && !isObject(value)) === wanted;
}

type LeafMatcher = (leaf: unknown) => boolean;

const folded = z.object({ 'equals-ignore-case': z.string() }).strict();

function leafMatcher(name: string, argument: unknown, path: string): LeafMatcher {
  switch (name) {
    case 'prefix':
    case 'suffix':
      return affix(name, argument, path);
    case 'equals-ignore-case': {
      const wanted = text(argument, path).toLowerCase();
      return (leaf) => typeof leaf === 'string' && leaf.toLowerCase() === wanted;
    }
    case 'wildcard':
      return wildcard(text(argument, path), path);
    case 'numeric':
      return numeric(argument, path);
    case 'anything-but':
      return anythingBut(argument, path);
    default:
      throw invalid(`the operator ${name} of ${path} is unknown, or not supported by local-aws`);
  }
}

function affix(name: 'prefix' | 'suffix', argument: unknown, path: string): LeafMatcher {
  const ignoresCase = folded.safeParse(argument).data;
  const wanted = text(ignoresCase?.['equals-ignore-case'].toLowerCase() ?? argument, path);
  return (leaf) => {
    if (typeof leaf !== 'string') return false;
    const compared = ignoresCase === undefined ? leaf : leaf.toLowerCase();
    return name === 'prefix' ? compared.startsWith(wanted) : compared.endsWith(wanted);
  };
}

function text(argument: unknown, path: string): string {
  if (typeof argument === 'string') return argument;
  throw invalid(`an operator of ${path} needs a string`);
}

function wildcard(wanted: string, path: string): LeafMatcher {
  if (wanted.includes('**')) throw invalid(`the wildcard of ${path} has two * in a row`);
  const escaped = wanted.replaceAll(/\\.|[.+?^${}()|[\]*]/g, (found) => {
    if (found === '*') return '.*';
    return found.length === 2 ? `\\${found.charAt(1)}` : `\\${found}`;
  });
  const expression = new RegExp(`^${escaped}$`, 's');
  return (leaf) => typeof leaf === 'string' && expression.test(leaf);
}

const comparisons: Readonly<Record<string, (leaf: number, bound: number) => boolean>> = {
  '=': (leaf, bound) => leaf === bound,
  '<': (leaf, bound) => leaf < bound,
  '<=': (leaf, bound) => leaf <= bound,
  '>': (leaf, bound) => leaf > bound,
  '>=': (leaf, bound) => leaf >= bound,
};

const numericRange = z.union([
  z.tuple([z.string(), z.number()]),
  z.tuple([z.string(), z.number(), z.string(), z.number()]),
]);

function numeric(argument: unknown, path: string): LeafMatcher {
  const range = numericRange.safeParse(argument).data;
  const compare = comparisons[range?.[0] ?? ''];
  const compareToo = range?.[2] === undefined ? () => true : comparisons[range[2]];
  if (range === undefined || compare === undefined || compareToo === undefined) {
    throw invalid(`numeric of ${path} must be an array such as [">", 0, "<=", 5]`);
  }
  const [, bound, , secondBound = 0] = range;
  return (leaf) => typeof leaf === 'number' && compare(leaf, bound) && compareToo(leaf, secondBound);
}

function anythingBut(argument: unknown, path: string): LeafMatcher {
  if (!isObject(argument)) {
    const refused = Array.isArray(argument) ? argument : [argument];
    if (refused.length === 0 || refused.some((value) => typeof value === 'object')) {
      throw invalid(`anything-but of ${path} must name strings or numbers`);
    }
    return (leaf) => !refused.includes(leaf);
  }
  const [[name, inner] = ['', undefined], ...more] = Object.entries(argument);
  const many = Array.isArray(inner) ? inner : [inner];
  if (more.length > 0 || !['prefix', 'suffix', 'wildcard', 'equals-ignore-case'].includes(name)) {
    throw invalid(`anything-but of ${path} cannot hold that operator`);
  }
  const refused = many.map((value) => leafMatcher(name, value, path));
  return (leaf) => !refused.some((fits) => fits(leaf));
}
