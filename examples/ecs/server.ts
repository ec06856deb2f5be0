import { createServer } from 'node:http';

import { createSecrets } from '@keyturn/client';
import { keepFresh } from '@keyturn/client/keep-fresh';
import { schema } from '@keyturn/client/schema';
import * as z from 'zod';

const orders = createSecrets().secret(
  process.env['ORDERS_SECRET'] ?? 'orders/apigee',
  schema(z.object({ key: z.string() })),
);
const url = process.env['ORDERS_URL'] ?? 'https://api.acme.example/orders';

// A task that does not start without its secret is replaced; one that starts has a key.
await orders.get();
const fresh = keepFresh([orders], { everyMs: Number(process.env['REFRESH_MS'] ?? 60_000) });
// Where a pool holds a password, it is rebuilt here.
orders.onRotate(({ versionId }) => console.log(JSON.stringify({ rotatedTo: versionId })));

const server = createServer((_request, response) => {
  void orders
    .use(({ key }) => fetch(url, { headers: { 'x-api-key': key } }))
    .then(({ status }) => response.writeHead(status).end())
    .catch(() => response.writeHead(502).end());
});
server.listen(Number(process.env['PORT'] ?? 8080), () => console.log(JSON.stringify({ listening: server.address() })));

process.once('SIGTERM', () => {
  fresh[Symbol.dispose]();
  server.close();
});
