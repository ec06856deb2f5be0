import { createServer } from 'node:http';

/** An API on loopback that takes some keys, in the header x-api-key. */
export async function keyedApi(...keys: readonly string[]) {
  const accepted = new Set(keys);
  const server = createServer((request, response) => {
    response.writeHead(accepted.has(String(request.headers['x-api-key'])) ? 200 : 401).end();
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  return {
    url: `http://127.0.0.1:${typeof address === 'object' ? address?.port : ''}/`,
    accepted,
    close() {
      server.closeAllConnections();
      server.close();
    },
  };
}
