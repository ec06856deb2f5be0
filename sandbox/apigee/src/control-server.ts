import { controlRoutes, type Controlled } from './control-routes.ts';
import type { Faults } from './faults.ts';
import { type Answer, type Incoming, jsonAnswer } from './loopback-server.ts';

const prefix = '/_control/';

/** The control over HTTP. The port is open to this machine alone; a web page in a browser on it is kept out, too. */
export function controlServer(simulator: Controlled, faults: Faults): (incoming: Incoming) => Promise<Answer> {
  const known = controlRoutes(simulator, faults);
  return async (incoming) => {
    const { method, path, query } = incoming;
    if (!fromThisMachine(incoming)) {
      return jsonAnswer(403, { error: 'Only a process on this machine, with JSON' });
    }
    const perform = path.startsWith(prefix) ? known[`${method} ${path.slice(prefix.length)}`] : undefined;
    if (perform === undefined) {
      return jsonAnswer(404, { error: 'No such control', controls: Object.keys(known) });
    }
    try {
      const body: unknown = method === 'POST' ? JSON.parse(incoming.body || '{}') : Object.fromEntries(query);
      return jsonAnswer(200, perform(body));
    } catch (error) {
      return jsonAnswer(400, { error: error instanceof Error ? error.message : String(error) });
    }
  };
}

function fromThisMachine({ method, headers }: Incoming): boolean {
  const json = headers['content-type']?.startsWith('application/json') === true;
  return headers.origin === undefined && /^127\.0\.0\.1:\d+$/u.test(headers.host ?? '') && (method === 'GET' || json);
}
