import { createSecrets } from '@keyturn/client';
import { lambda } from '@keyturn/client/lambda';
import { schema } from '@keyturn/client/schema';
import * as z from 'zod';

const secrets = createSecrets();
const orders = secrets.secret(process.env['ORDERS_SECRET'] ?? 'orders/apigee', schema(z.object({ key: z.string() })));
const url = process.env['ORDERS_URL'] ?? 'https://api.acme.example/orders';

/** Calls the API with the key of the secret. Events of a rotation refresh it and do not get here. */
export const handler = lambda(
  secrets,
  async (_event: object, _context: object) => {
    const answer = await orders.use(({ key }) => fetch(url, { headers: { 'x-api-key': key } }));
    return { statusCode: answer.status };
  },
  { preload: [orders] },
);
