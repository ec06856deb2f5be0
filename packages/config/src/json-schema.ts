import * as z from 'zod';

import { configSchema } from './config.ts';

/** The JSON Schema of the YAML, for editors. It cannot say what `checkConfig` checks. */
export function configJsonSchema() {
  const schema = z.toJSONSchema(configSchema, { io: 'input' });
  return { ...schema, title: 'Configuration of a Keyturn stage' };
}
