import * as z from 'zod';

import { secretName } from './field.ts';

/** How a function reaches what it calls, where that is not the open internet. */
export const network = z.strictObject({
  subnets: z
    .array(z.string().regex(/^subnet-[0-9a-f]{8,17}$/, 'the id of a subnet'))
    .max(16)
    .default([])
    .meta({ description: 'Of a VPC; the function then reaches AWS by the endpoints of docs/network.md' }),
  securityGroups: z
    .array(z.string().regex(/^sg-[0-9a-f]{8,17}$/, 'the id of a security group'))
    .max(5)
    .default([]),
  proxy: z
    .url()
    .optional()
    .meta({ description: 'An HTTP proxy such as http://proxy.corp.example:3128; TLS goes through it by CONNECT' }),
  noProxy: z
    .array(
      z
        .string()
        .regex(/^(\.?[a-z0-9-]+(\.[a-z0-9-]+)*|\[[0-9a-f:]+\])$/, 'a host name, or a domain that begins with a dot'),
    )
    .default([])
    .meta({ description: 'Hosts that are called without the proxy; .corp.example are all below that domain' }),
  proxySecret: secretName
    .optional()
    .meta({ description: 'Name or ARN of the secret that holds the proxy\'s {"username","password"}' }),
  caBundle: z
    .string()
    .optional()
    .meta({ description: 'Certificates in PEM form that are trusted besides those that Node trusts' }),
});
export type NetworkConfig = z.output<typeof network>;
