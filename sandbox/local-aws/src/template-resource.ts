import * as z from 'zod';

import type { Place } from './arn.ts';
import type { Handler } from './lambda.ts';
import type { LocalAws } from './local-aws.ts';
import type { Physical } from './template-values.ts';

export type FunctionToLoad = {
  readonly name: string;
  /** `path/of/module.export`, from the root of the repository. */
  readonly handler: string;
  readonly environment: Readonly<Record<string, string>>;
};

export type Stack = {
  readonly aws: LocalAws;
  readonly loadFunction: (fn: FunctionToLoad) => Promise<Handler>;
  /** One of AWS's JSON operations, such as `AmazonSQS.CreateQueue`. */
  readonly call: (target: string, input: object) => Promise<unknown>;
};

export type ResourceType = {
  /** What the resource will be called, from its resolved properties. */
  physical(properties: unknown, logicalId: string, place: Place & { readonly url: string }): Physical;
  create(properties: unknown, stack: Stack): Promise<void>;
};

type Named<Schema extends z.ZodType> = {
  readonly schema: Schema;
  readonly physical: (
    properties: z.output<Schema>,
    logicalId: string,
    place: Place & { readonly url: string },
  ) => Physical;
  readonly create: (properties: z.output<Schema>, stack: Stack) => Promise<unknown>;
};

/** A property that is not named in the schema is refused: nothing of the infrastructure is left out by accident. */
export function type<Schema extends z.ZodType>({ schema, physical, create }: Named<Schema>): ResourceType {
  return {
    physical: (properties, logicalId, place) => physical(schema.parse(properties), logicalId, place),
    create: async (properties, stack) => {
      await create(schema.parse(properties), stack);
    },
  };
}

/** A property that has no effect here. */
export const ignored = z.unknown().optional();
export const text = z.string().optional();
/** Nothing in a template names such a resource. */
export const nameless = (): Physical => ({ ref: '', attributes: {} });
