/** A wrong field of the configuration: where it stands, such as `policies.standard.grace`, and what to change. */
export type Problem = { readonly field: string; readonly message: string };
export type Problems = Iterable<Problem>;
