import { type Answer, type Incoming, jsonAnswer } from '@keyturn/apigee-simulator/loopback-server';
import type { NodeTiming } from '@keyturn/apigee-simulator/simulator';
import type { Served } from '@keyturn/apigee-simulator/surface';

import type { Account, Key } from './account.ts';
import { gatewayRefusal } from './aws-words.ts';
import { dayOf } from './plan-operations.ts';

/** One node of the data plane. */
type Node = {
  /** The key that comes in at this stage, and by which plan. A node that does not know a value remembers that. */
  enter(value: string, stage: string): Entered | undefined;
  /** The same, and nobody asked. */
  peek(value: string, stage: string): Entered | undefined;
};
type Entered = { readonly key: Key; readonly plan: string };

export type Gateway = {
  readonly serve: (incoming: Incoming, number: number | undefined) => Served;
  readonly acceptedBy: (value: string, path: string) => readonly boolean[];
};

type Means = { readonly account: Account; readonly now: () => number; readonly nodes: readonly NodeTiming[] };

/** The stages of all usage plans, each of which asks for an API key. */
export function gateway({ account, now, nodes: timings }: Means): Gateway {
  const nodes = timings.map((timing) => node(account, timing, now));
  const stageOf = (path: string): string | undefined => {
    const [, api, stage] = path.split('/');
    const wanted = `${api}/${stage}`;
    return [...account.plans.values()].some(({ stages }) => stages.includes(wanted)) ? wanted : undefined;
  };

  function answer(asked: Node, { path, headers }: Incoming, number: number): Answer {
    const stage = stageOf(path);
    if (stage === undefined) return gatewayRefusal(403, 'ForbiddenException', 'Forbidden');
    if (path.split('/')[3] === 'nothing-here') {
      return gatewayRefusal(403, 'MissingAuthenticationTokenException', 'Missing Authentication Token');
    }
    const header = headers['x-api-key'];
    const value = (Array.isArray(header) ? header[0] : header) ?? '';
    const entered = asked.enter(value, stage);
    if (entered === undefined) return gatewayRefusal(403, 'ForbiddenException', 'Forbidden');
    count(entered, dayOf(now()));
    return jsonAnswer(200, { path, node: number });
  }

  return {
    serve(incoming, number = 0) {
      const asked = nodes[number];
      if (asked === undefined) throw new Error(`There is no node ${number}`);
      return { answer: answer(asked, incoming, number) };
    },
    acceptedBy(value, path) {
      const stage = stageOf(path);
      return nodes.map((one) => stage !== undefined && one.peek(value, stage) !== undefined);
    },
  };
}

function count({ key: { used }, plan }: Entered, day: string): void {
  const days = used.get(plan) ?? new Map<string, number>();
  used.set(plan, days.set(day, (days.get(day) ?? 0) + 1));
}

/** Whoever probes with random keys must not fill the memory. */
const refusalsKept = 10_000;

/**
 * What lets a key in arrives after the node's propagation delay; what shuts it out, when its cache of the earlier answer ends. Both are the longest that the
 * node needs, whether or not it was asked before.
 */
function node(account: Account, timing: NodeTiming, now: () => number): Node {
  const { propagationMs, productPropagationMs = propagationMs, revocationMs, negativeMs } = timing;
  const refusedUntil = new Map<string, number>();

  function look(value: string, stage: string): { readonly known: boolean; readonly entered?: Entered } {
    const at = now();
    const arrives = (lets: boolean) => (lets ? propagationMs : revocationMs);
    const attached = (lets: boolean) => (lets ? productPropagationMs : revocationMs);
    const key = account.everOf(value).findLast(({ exists }) => exists.seen(at, arrives) === true);
    if (key === undefined) return { known: false };
    if (key.enabled.seen(at, arrives) !== true) return { known: true };
    for (const [id, has] of key.plans) {
      const plan = account.plans.get(id);
      if (plan === undefined || !plan.stages.includes(stage)) continue;
      if (has.seen(at, attached) === true && plan.open.seen(at, arrives) === true) {
        return { known: true, entered: { key, plan: id } };
      }
    }
    return { known: true };
  }

  const isRefused = (value: string) => (refusedUntil.get(value) ?? -Infinity) > now();
  return {
    peek: (value, stage) => (isRefused(value) ? undefined : look(value, stage).entered),
    enter(value, stage) {
      if (isRefused(value)) return undefined;
      const { known, entered } = look(value, stage);
      refusedUntil.delete(value);
      if (!known && negativeMs > 0) {
        if (refusedUntil.size >= refusalsKept) refusedUntil.clear();
        refusedUntil.set(value, now() + negativeMs);
      }
      return entered;
    },
  };
}
