/** The part of Standard Schema v1 that is used: zod, valibot, arktype and others are this. See https://standardschema.dev */
export type StandardSchema<Output> = {
  readonly '~standard': {
    readonly version: 1;
    readonly vendor: string;
    readonly validate: (value: unknown) => SchemaResult<Output> | Promise<SchemaResult<Output>>;
    readonly types?: { readonly input: unknown; readonly output: Output } | undefined;
  };
};

export type SchemaResult<Output> =
  | { readonly value: Output; readonly issues?: undefined }
  | { readonly issues: readonly Issue[] };

type Issue = { readonly path?: readonly (PropertyKey | { readonly key: PropertyKey })[] | undefined };
