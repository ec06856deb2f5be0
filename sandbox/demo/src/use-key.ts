import * as z from 'zod';

import { callApi } from './call-api.ts';
import type { Application } from './simulated-provider.ts';

const fields = z.record(z.string(), z.unknown());

/** What the application takes out of the secret. */
export function valueIn(secretText: string, { field }: Application): string {
  return z.string().parse(fields.parse(JSON.parse(secretText))[field]);
}

/** Uses a value of the secret, the so-manieth time. undefined: it was served; else what was wrong, without the value. */
export type UseOnce = (value: string, number: number) => Promise<string | undefined>;

/** How the application uses what it reads. */
export async function useOf(application: Application): Promise<UseOnce> {
  if (application.as === 'http') return callApi(application);
  // Not everybody logs in.
  const { logIn } = await import('./log-in.ts');
  return logIn(application);
}
