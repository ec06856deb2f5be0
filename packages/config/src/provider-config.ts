import * as z from 'zod';

import { apigee } from './apigee-config.ts';

export const provider = z.discriminatedUnion('kind', [apigee]);
