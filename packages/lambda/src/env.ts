import { PermanentError } from '@keyturn/rotation/errors';
import * as z from 'zod';

/** The environment's variables by a zod shape. PermanentError('misconfigured') names the variables, never their values. */
export function readEnv<Shape extends z.ZodRawShape>(
  shape: Shape,
  env: Readonly<Record<string, string | undefined>> = process.env,
): z.output<z.ZodObject<Shape>> {
  const parsed = z.object(shape).safeParse(env);
  if (parsed.success) return parsed.data;
  const names = [...new Set(parsed.error.issues.map((issue) => issue.path.join('.')))];
  throw new PermanentError('misconfigured', `Missing or wrong in the environment: ${names.join(', ')}`, {
    field: names[0],
  });
}
