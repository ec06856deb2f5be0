import { hidden } from '@keyturn/rotation/hidden';
import * as z from 'zod';

import type { ApiKey, UsagePlan } from './api-keys.ts';

/** The SDK calls everything optional. What is needed is asked for here; what a key may lack is not. */
export const keySchema = z
  .object({
    id: z.string().min(1),
    name: z.string().default(''),
    value: z.string().min(1),
    enabled: z.boolean(),
    description: z.string().optional(),
    customerId: z.string().optional(),
    tags: z.record(z.string(), z.string()).default({}),
    stageKeys: z.array(z.string()).default([]),
    createdDate: z.date().optional(),
  })
  .transform(({ id, value, createdDate, description, customerId, ...key }): ApiKey => ({
    ...key,
    id: hidden(id),
    value: hidden(value),
    description: description === '' ? undefined : description,
    customerId: customerId === '' ? undefined : customerId,
    createdAt: createdDate?.getTime(),
  }));

export const planSchema = z
  .object({ id: z.string().min(1), apiStages: z.array(z.unknown()).default([]) })
  .transform(({ id, apiStages }): UsagePlan => ({ id, stages: apiStages.length }));

const page = <Item extends z.ZodType>(item: Item) =>
  z.object({ items: z.array(item).default([]), position: z.string().optional() });
export const keyPageSchema = page(keySchema);
export const planPageSchema = page(planSchema);

const dayMs = 24 * 3_600_000;

/**
 * For each key, by its id or by its value, a pair for each day from `startDate` on: used, and left of the quota. Only one key was asked for, so all count.
 */
export const usagePageSchema = z
  .object({
    startDate: z.iso.date(),
    items: z.record(z.string(), z.array(z.array(z.number()).min(1))).default({}),
    position: z.string().optional(),
  })
  .transform(({ startDate, items, position }) => ({
    position,
    items: Object.values(items).flatMap((days) =>
      days.flatMap(([used = 0], index) => (used > 0 ? [dayAfter(startDate, index)] : [])),
    ),
  }));

const dayAfter = (first: string, days: number): string =>
  new Date(Date.parse(first) + days * dayMs).toISOString().slice(0, 10);
