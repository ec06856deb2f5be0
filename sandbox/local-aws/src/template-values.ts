import * as z from 'zod';

import type { Place } from './arn.ts';
import { templateConditions } from './template-conditions.ts';

/** What a resource is called once it exists: its Ref, and its attributes for GetAtt. */
export type Physical = { readonly ref: string; readonly attributes: Readonly<Record<string, string>> };

export type Resolver = {
  /** The value without intrinsic functions; undefined for AWS::NoValue. Throws on those that are not supported. */
  resolve(value: unknown): unknown;
  /** Whether a condition of the template holds. */
  holds(condition: string): boolean;
};

export type ResolverOptions = {
  readonly place: Place;
  readonly stackName: string;
  readonly physical: (logicalId: string) => Physical | undefined;
  readonly parameters?: Readonly<Record<string, string>>;
  readonly conditions?: Readonly<Record<string, unknown>>;
};

const getAtt = z.union([
  z.string().transform((text) => {
    const [logicalId = '', ...attribute] = text.split('.');
    return { logicalId, attribute: attribute.join('.') };
  }),
  z.tuple([z.string(), z.string()]).transform(([logicalId, attribute]) => ({ logicalId, attribute })),
]);
const subArgument = z.union([
  z.string().transform((text) => ({ text, names: {} })),
  z.tuple([z.string(), z.record(z.string(), z.unknown())]).transform(([text, names]) => ({ text, names })),
]);
const joinArgument = z.tuple([z.string(), z.unknown()]);
const ifArgument = z.tuple([z.string(), z.unknown(), z.unknown()]);

/** CloudFormation's Ref, GetAtt, Sub, Join and If, parameters and the pseudo parameters. */
export function templateResolver(options: ResolverOptions): Resolver {
  const { place, stackName, physical, parameters = {}, conditions = {} } = options;
  const pseudo: Readonly<Record<string, string | undefined>> = {
    'AWS::Region': place.region,
    'AWS::AccountId': place.account,
    'AWS::Partition': 'aws',
    'AWS::URLSuffix': 'amazonaws.com',
    'AWS::StackName': stackName,
    'AWS::NoValue': undefined,
  };

  const ref = (name: string): string | undefined => {
    if (Object.hasOwn(pseudo, name)) return pseudo[name];
    if (Object.hasOwn(parameters, name)) return parameters[name];
    return (physical(name) ?? unknown(name)).ref;
  };
  const attributeOf = (logicalId: string, attribute: string): string =>
    (physical(logicalId) ?? unknown(logicalId)).attributes[attribute] ?? unknown(`${logicalId}.${attribute}`);

  const substitute = (argument: unknown): string => {
    const { text, names } = subArgument.parse(argument);
    const values: Readonly<Record<string, unknown>> = names;
    return text.replaceAll(/\$\{(!?)([^}]+)\}/g, (_, literal: string, name: string) => {
      if (literal === '!') return `\${${name}}`;
      if (Object.hasOwn(values, name)) return String(resolve(values[name]));
      const [logicalId = '', ...attribute] = name.split('.');
      return attribute.length === 0 ? (ref(name) ?? '') : attributeOf(logicalId, attribute.join('.'));
    });
  };

  const intrinsic = (name: string, argument: unknown): unknown => {
    switch (name) {
      case 'Ref':
        return ref(z.string().parse(argument));
      case 'Fn::GetAtt': {
        const { logicalId, attribute } = getAtt.parse(argument);
        return attributeOf(logicalId, attribute);
      }
      case 'Fn::Sub':
        return substitute(argument);
      case 'Fn::Join': {
        const [separator, list] = joinArgument.parse(argument);
        return z
          .array(z.union([z.string(), z.number()]))
          .parse(resolve(list))
          .join(separator);
      }
      case 'Fn::If': {
        const [condition, then, otherwise] = ifArgument.parse(argument);
        return resolve(holds(condition) ? then : otherwise);
      }
      default:
        throw new Error(`local-aws does not know the intrinsic function ${name}`);
    }
  };

  function resolve(value: unknown): unknown {
    if (Array.isArray(value)) return value.map(resolve).filter((element) => element !== undefined);
    if (typeof value !== 'object' || value === null) return value;
    const entries = Object.entries(value);
    const [first] = entries;
    if (entries.length === 1 && first !== undefined && (first[0] === 'Ref' || first[0].startsWith('Fn::'))) {
      return intrinsic(first[0], first[1]);
    }
    const resolved = entries.map(([key, member]) => [key, resolve(member)] as const);
    return Object.fromEntries(resolved.filter(([, member]) => member !== undefined));
  }

  const holds = templateConditions({ conditions, resolve });
  return { resolve, holds };
}

function unknown(name: string): never {
  throw new Error(`The template names ${name}, which it does not define`);
}
