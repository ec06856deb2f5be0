import * as z from 'zod';

const attributes = z.array(z.looseObject({ name: z.string().nullish(), value: z.string().nullish() })).nullish();
const names = z.array(z.string()).nullish();
const text = z.string().nullish();

const keyFields = { apiProducts: names, attributes, scopes: names, status: text };
const createdKey = { consumerKey: text, consumerSecret: text, attributes, scopes: names };
const app = {
  name: text,
  apiProducts: names,
  attributes,
  callbackUrl: text,
  // A number, or one as text.
  keyExpiresIn: z.union([z.int(), z.string().regex(/^-?\d+$/u)]).nullish(),
  scopes: names,
  status: text,
};

/** A body as Edge takes it. Edge passes over the fields it does not know; a wrong type it refuses. */
export type EdgeBody = { takes: z.ZodType; describes: z.ZodType };

const body = (fields: z.ZodRawShape): EdgeBody => ({ takes: z.looseObject(fields), describes: z.strictObject(fields) });

export const edgeBodies = { key: body(keyFields), createdKey: body(createdKey), app: body(app) };
