import * as z from 'zod';

/** How a function reaches what it calls, where that is not the open internet. */
export const network = z.strictObject({
  subnets: z
    .array(z.string().regex(/^subnet-[0-9a-f]{8,17}$/, 'the id of a subnet'))
    .default([])
    .meta({ description: 'Of a VPC; the function then reaches AWS by the endpoints of docs/network.md' }),
  securityGroups: z.array(z.string().regex(/^sg-[0-9a-f]{8,17}$/, 'the id of a security group')).default([]),
  proxy: z
    .url()
    .optional()
    .meta({ description: 'An HTTP proxy such as http://proxy.corp.example:3128; TLS goes through it by CONNECT' }),
  caBundle: z
    .string()
    .optional()
    .meta({ description: 'Certificates in PEM form that are trusted besides those that Node trusts' }),
});
