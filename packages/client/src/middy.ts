import type { Secrets } from './create-secrets.ts';
import { beforeHandler, type LambdaOptions } from './lambda.ts';
import type { SecretHandle } from './secret-handle.ts';

export type MiddyOptions = LambdaOptions & {
  /** Values to put on the context: its field → the secret. */
  readonly context?: Readonly<Record<string, SecretHandle<unknown>>>;
};

type Request = { readonly event: unknown; readonly context: object };

/** What `lambda` does, as a middleware of middy; tested with middy 6. */
export function keyturnMiddleware(secrets: Secrets, { context = {}, ...options }: MiddyOptions = {}) {
  const preload = [...(options.preload ?? []), ...Object.values(context)];
  return {
    /** What is returned ends the request early. */
    async before(request: Request): Promise<unknown> {
      const notice = await beforeHandler(secrets, request.event, { ...options, preload });
      if (notice !== undefined) return notice;
      const values = Object.entries(context).map(async ([name, handle]) => [name, await handle.get()]);
      Object.assign(request.context, Object.fromEntries(await Promise.all(values)));
      return undefined;
    },
    after: () => secrets.settled(),
    onError: () => secrets.settled(),
  };
}
