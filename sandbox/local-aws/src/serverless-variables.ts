import { createRequire } from 'node:module';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';

import { parseDocument, type CollectionTag, type ScalarTag, YAMLMap, YAMLSeq } from 'yaml';
import * as z from 'zod';

/** The variables of serverless.yml: the few forms that this repository uses. */
export type Variables = {
  /** The value with every variable in it replaced. Throws on a form that is not known. */
  resolve(value: unknown): unknown;
};

export type VariablesOptions = {
  readonly root: string;
  readonly service: string;
  /** As serverless.yml says it: itself a variable. */
  readonly stage: string;
};

const stageDoor = z.custom<(call: { options: { stage: null; region: null } }) => unknown>(
  (value) => typeof value === 'function',
);

/** `${self:service}`, `${sls:stage}`, `${file(a.yml)}`, `${file(a.cjs):member}`. Others are refused. */
export function serverlessVariables({ root, service, stage }: VariablesOptions): Variables {
  const loaded = new Map<string, unknown>();

  const load = (file: string): unknown => {
    if (!file.endsWith('.cjs')) return parseYaml(join(root, file));
    const door: unknown = createRequire(join(root, 'serverless.yml'))(join(root, file));
    return stageDoor.parse(door)({ options: { stage: null, region: null } });
  };
  const fromFile = (file: string, address: string | undefined): unknown => {
    if (!loaded.has(file)) loaded.set(file, load(file));
    const value = loaded.get(file);
    return address === undefined ? value : memberOf(value, address, file);
  };

  const variable = (name: string, argument: string | undefined, address: string | undefined): unknown => {
    if (name === 'self' && address === 'service') return service;
    if (name === 'sls' && address === 'stage') return resolve(stage);
    if (name === 'file' && argument !== undefined) return fromFile(argument, address);
    throw new Error(`local-aws does not know the variable \${${name}${argument ?? ''}:${address ?? ''}}`);
  };

  // CloudFormation's own ${Name}, ${Name.Attribute} and ${AWS::Region} have neither brackets nor a single colon.
  // One behind a backslash is text, which loses the backslash.
  const pattern = /(?<!\\)\$\{([a-zA-Z]+)(?:\(([^)]*)\))?(?::(?!:)([^{}]*))?\}/g;
  const resolveText = (text: string): unknown => {
    const [first, ...more] = [...text.matchAll(pattern)].filter(([, , argument, address]) => argument ?? address);
    if (first === undefined) return text.replaceAll('\\${', '${');
    const [whole, name = '', argument, address] = first;
    if (whole === text && more.length === 0) return resolve(variable(name, argument, address));
    return text.replaceAll(pattern, (found: string, ...[each, brackets, member]: (string | undefined)[]) => {
      if (brackets === undefined && member === undefined) return found;
      return z
        .union([z.string(), z.number()])
        .parse(variable(each ?? '', brackets, member))
        .toString();
    });
  };

  function resolve(value: unknown): unknown {
    if (typeof value === 'string') return resolveText(value);
    if (Array.isArray(value)) return value.map(resolve);
    if (typeof value !== 'object' || value === null) return value;
    return Object.fromEntries(Object.entries(value).map(([key, member]) => [key, resolve(member)]));
  }

  return { resolve };
}

/** With CloudFormation's short tags; an unknown tag is refused. */
export function parseYaml(path: string): unknown {
  const document = parseDocument(readFileSync(path, 'utf8'), { customTags: shortTags });
  const [problem] = [...document.errors, ...document.warnings];
  if (problem !== undefined) throw new Error(`${path}: ${problem.message}`);
  const value: unknown = document.toJS();
  return value;
}

function memberOf(value: unknown, address: string, file: string): unknown {
  const parsed = z.record(z.string(), z.unknown()).parse(value);
  if (!Object.hasOwn(parsed, address)) throw new Error(`${file} has no ${address}`);
  return parsed[address];
}

const scalarTag = (tag: string, key: string): ScalarTag => ({
  tag: `!${tag}`,
  resolve: (text) => ({ [key]: text }),
});
const listTag = (tag: string, key: string): CollectionTag => ({
  tag: `!${tag}`,
  collection: 'seq',
  resolve: (list) => {
    const map = new YAMLMap();
    map.set(key, list instanceof YAMLSeq ? list : undefined);
    return map;
  },
});

const shortTags = [
  scalarTag('Ref', 'Ref'),
  scalarTag('GetAtt', 'Fn::GetAtt'),
  listTag('GetAtt', 'Fn::GetAtt'),
  scalarTag('Sub', 'Fn::Sub'),
  listTag('Sub', 'Fn::Sub'),
  listTag('Join', 'Fn::Join'),
  listTag('If', 'Fn::If'),
];
