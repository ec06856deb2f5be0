import { type Answer, type Incoming, jsonAnswer } from '@keyturn/apigee-simulator/loopback-server';
import * as z from 'zod';

import { type Account, plansOf, setPlan, type Key, type Plan } from './account.ts';
import { badRequest, conflict, notFound } from './aws-words.ts';
import { keyIn } from './key-operations.ts';
import { bodyOf, pageOf } from './management-call.ts';

export type PlanMeans = {
  readonly account: Account;
  readonly now: () => number;
  readonly usageLagMs: number;
};

export function getUsagePlans(incoming: Incoming, { account }: PlanMeans): Answer {
  const keyId = incoming.query.get('keyId');
  const has = keyId === null ? undefined : plansOf(keyIn(account, keyId));
  const plans = [...account.plans.values()].filter(({ id }) => has === undefined || has.includes(id));
  const { items, position } = pageOf(incoming, plans);
  return jsonAnswer(200, { item: items.map(planJson), position });
}

export const getUsagePlan = (id: string, { account }: PlanMeans): Answer =>
  jsonAnswer(200, planJson(planIn(account, id)));

const attached = z.object({ keyId: z.string(), keyType: z.literal('API_KEY') });

export function createUsagePlanKey(id: string, incoming: Incoming, { account, now }: PlanMeans): Answer {
  const plan = planIn(account, id);
  const key = keyIn(account, bodyOf(incoming, attached).keyId);
  if (plansOf(key).includes(id)) throw conflict('Usage Plan Key already exists');
  refuseSameStage(plan, key, account);
  setPlan(key, id, true, now());
  return jsonAnswer(201, { id: key.id, type: 'API_KEY', value: key.value, name: key.name });
}

// One usage plan for each stage of an API.
function refuseSameStage(plan: Plan, key: Key, { plans }: Account): void {
  const taken = new Set(plansOf(key).flatMap((id) => plans.get(id)?.stages ?? []));
  if (plan.stages.some((stage) => taken.has(stage))) {
    throw conflict('API Key cannot be added to more than one usage plan of a stage');
  }
}

export function deleteUsagePlanKey(id: string, keyId: string, { account, now }: PlanMeans): Answer {
  planIn(account, id);
  const key = keyIn(account, keyId);
  if (!plansOf(key).includes(id)) throw notFound('Invalid Usage Plan Key specified');
  setPlan(key, id, false, now());
  return { status: 202 };
}

const dayMs = 24 * 3_600_000;
const mostDays = 90;
const date = z.iso.date();

export function getUsage(id: string, { query }: Incoming, { account, now, usageLagMs }: PlanMeans): Answer {
  planIn(account, id);
  const startDate = date.safeParse(query.get('startDate')).data;
  const endDate = date.safeParse(query.get('endDate')).data;
  if (startDate === undefined || endDate === undefined) throw badRequest('Invalid date');
  const days = (Date.parse(endDate) - Date.parse(startDate)) / dayMs + 1;
  if (days < 1 || days > mostDays) throw badRequest('Usage may be read for 90 days');
  const keyId = query.get('keyId');
  const keys = account.keys().filter((key) => (keyId === null ? plansOf(key).includes(id) : key.id === keyId));
  const seen = dayOf(now() - usageLagMs);
  const usage = keys.map(({ id: key, used }): [string, number[][]] => [
    key,
    Array.from({ length: days }, (_, index) => {
      const day = dayOf(Date.parse(startDate) + index * dayMs);
      return [day <= seen ? (used.get(id)?.get(day) ?? 0) : 0, 0];
    }),
  ]);
  return jsonAnswer(200, { usagePlanId: id, startDate, endDate, values: Object.fromEntries(usage) });
}

export const dayOf = (ms: number): string => new Date(ms).toISOString().slice(0, 10);

function planIn({ plans }: Account, id: string): Plan {
  const plan = plans.get(id);
  if (plan === undefined) throw notFound('Invalid Usage Plan ID specified');
  return plan;
}

const planJson = ({ id, name, stages, open }: Plan) => ({
  id,
  name,
  apiStages: open.value ? stages.map((stage) => ({ apiId: stage.split('/')[0], stage: stage.split('/')[1] })) : [],
});
