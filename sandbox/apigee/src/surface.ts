import type { Faults } from './faults.ts';
import type { Answer, Incoming, Reply } from './loopback-server.ts';
import type { RequestLog } from './request-log.ts';
import type { Surface } from './simulator.ts';

/** What a surface made of a request. */
export type Served = { answer: Answer; operation?: string; fits?: boolean };
export type SurfaceOptions = {
  surface: Surface;
  faults: Faults;
  log: RequestLog;
  now: () => number;
  serve: (incoming: Incoming, node: number | undefined) => Served;
  /** The surface's own words for a status. */
  words: (status: number) => Answer;
};

/** Puts fault injection and the request log in front of a surface. */
export function surface(options: SurfaceOptions): (incoming: Incoming, node?: number) => Promise<Reply> {
  const { surface: name, faults, log, now, serve, words } = options;
  return async (incoming, node) => {
    const at = now();
    const { method, path, query } = incoming;
    const fault = faults.hit(name, method, path, node);
    const served = fault === undefined || fault.afterEffect ? serve(incoming, node) : undefined;
    const reply = fault === undefined ? (served?.answer ?? 'reset') : fault.replyWith(words);
    log.add({
      at,
      surface: name,
      node,
      method,
      path,
      query: [...new Set(query.keys())],
      operation: served?.operation,
      fits: served?.fits,
      status: typeof reply === 'string' ? null : reply.status,
      fault: fault?.id,
    });
    return reply;
  };
}
