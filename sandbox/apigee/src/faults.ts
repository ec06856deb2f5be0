import { googlePage } from './google-error.ts';
import { type Answer, htmlAnswer, type Reply } from './loopback-server.ts';
import type { Fault, FaultAnswer, InjectedFault, Surface } from './simulator.ts';

export type Hit = { id: number; afterEffect: boolean; replyWith(words: (status: number) => Answer): Reply };
export type Faults = {
  inject: (fault: Fault) => InjectedFault;
  clear: (id?: number) => void;
  list: () => readonly { id: number; hits: number; fault: Fault }[];
  /** The fault that takes this request, undefined for none. */
  hit: (surface: Surface, method: string, path: string, node: number | undefined) => Hit | undefined;
};

type Live = {
  id: number;
  hits: number;
  skipped: number;
  fault: Fault;
  matches: (method: string, path: string) => boolean;
};

export function faults(): Faults {
  const live: Live[] = [];
  let lastId = 0;

  function clear(id?: number): void {
    const kept = live.filter((one) => id !== undefined && one.id !== id);
    live.splice(0, live.length, ...kept);
  }

  return {
    inject(fault) {
      const path = new RegExp(fault.path ?? '', 'u');
      const injected: Live = {
        id: ++lastId,
        hits: 0,
        skipped: 0,
        fault,
        matches: (method, sent) => (fault.method ?? method).toUpperCase() === method && path.test(sent),
      };
      live.push(injected);
      return {
        id: injected.id,
        hits: () => injected.hits,
        clear: () => {
          clear(injected.id);
        },
      };
    },
    clear,
    list: () => live.map(({ id, hits, fault }) => ({ id, hits, fault })),
    hit(surface, method, path, node) {
      const one = live
        .filter(
          ({ fault, matches }) => fault.surface === surface && (fault.node ?? node) === node && matches(method, path),
        )
        .filter(({ fault, hits }) => fault.times === 'always' || hits < (fault.times ?? 1))
        .find((candidate) => candidate.skipped++ >= (candidate.fault.skip ?? 0));
      if (one === undefined) {
        return undefined;
      }
      one.hits += 1;
      const { afterEffect = false, answer } = one.fault;
      return { id: one.id, afterEffect, replyWith: (words) => replyOf(answer, words) };
    },
  };
}

function replyOf(answer: FaultAnswer, words: (status: number) => Answer): Reply {
  if (answer.kind === 'silence' || answer.kind === 'reset') {
    return answer.kind;
  }
  if (answer.kind === 'html') {
    return htmlAnswer(answer.status, googlePage(answer.status));
  }
  if (answer.kind === 'empty') {
    return { status: answer.status };
  }
  const said = words(answer.status);
  const { retryAfterSeconds: wait } = answer;
  return wait === undefined ? said : { ...said, headers: { ...said.headers, 'retry-after': String(wait) } };
}
