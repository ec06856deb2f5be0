import { parseAnswer } from '@keyturn/http/parse-answer';
import type { Hidden } from '@keyturn/rotation/hidden';
import * as z from 'zod';

import { appSchema, sameKeyId, type ApigeeApp } from './apigee-app.ts';
import type { Flavour } from './flavour.ts';
import type { ManagementApi } from './management-api.ts';

type FindApp = (keyId: Hidden, api: ManagementApi) => Promise<ApigeeApp | undefined>;

/** Whichever app of the organization has the key, whoever owns it. */
export const findApp: Readonly<Record<Flavour['search'], FindApp>> = { filter: byFilter, pages: byPages };

const found = z.object({ app: z.array(z.object({ appId: z.string().min(1) })).default([]) });

async function byFilter(keyId: Hidden, api: ManagementApi): Promise<ApigeeApp | undefined> {
  const query = { filter: `consumerKey=${keyId.reveal()}` };
  const answer = await api({ operation: 'find the app of a key', method: 'GET', path: ['apps'], query });
  // The list tells ids alone, and what it found is believed only where the app itself shows the key.
  for (const { appId } of parseAnswer(answer, found).app) {
    const one = await api({ operation: 'read the app', method: 'GET', path: ['apps', appId] });
    const app = parseAnswer(one, appSchema);
    if (has(app, keyId)) return app;
  }
  return undefined;
}

const listed = z.object({
  app: z.array(z.intersection(z.object({ appId: z.string().min(1) }), appSchema)).default([]),
});
const pageSize = 100;

// A page begins with the app that it is asked to start with. An installation that knows no pages shows all apps each time.
async function byPages(keyId: Hidden, api: ManagementApi): Promise<ApigeeApp | undefined> {
  const seen = new Set<string>();
  for (let last: string | undefined; ;) {
    const start = last === undefined ? {} : { startKey: last };
    const query = { expand: 'true', includeCred: 'true', rows: String(pageSize), ...start };
    const answer = await api({ operation: 'look for the app of a key', method: 'GET', path: ['apps'], query });
    const fresh = parseAnswer(answer, listed).app.filter(({ appId }) => !seen.has(appId));
    const app = fresh.find((one) => has(one, keyId));
    last = fresh.at(-1)?.appId;
    if (app !== undefined || last === undefined) return app;
    for (const { appId } of fresh) seen.add(appId);
  }
}

function has(app: ApigeeApp, keyId: Hidden): boolean {
  return app.keys.some((key) => sameKeyId(key, keyId));
}
