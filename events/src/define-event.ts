import * as z from 'zod';

export const source = 'keyturn';

const metadata = z.object({
  eventId: z.uuid(),
  schemaVersion: z.string(),
  occurredAt: z.iso.datetime(),
  /** Groups what belongs to one rotation. */
  correlationId: z.string(),
  causationId: z.string().nullable(),
  /** Equal for repeats of one fact: consumers dedupe by it and the detail-type. */
  idempotencyKey: z.string(),
  traceparent: z.string().nullable(),
});
export type Metadata = z.output<typeof metadata>;

/** What is known of the secret in every event. No field ever holds a key id or a secret. */
export const secretFacts = {
  secretArn: z.string(),
  secretName: z.string(),
  provider: z.string(),
  owner: z.string(),
  environment: z.string(),
  runbookUrl: z.string(),
};

const ofSecret = z.object({ secretArn: z.string().optional() });

/** An event as it is put on the bus. `resources` names its secret; it is empty where it is about none. */
export type KeyturnEvent = {
  readonly source: typeof source;
  readonly 'detail-type': string;
  readonly resources: readonly string[];
  readonly detail: { readonly metadata: Metadata; readonly data: Readonly<Record<string, unknown>> };
};

export type Envelope = Omit<Metadata, 'schemaVersion'>;

/**
 * One fact: its name, the schema of its data, the pattern that finds it on the bus. `create` drops what the schema does not declare, so a
 * stray value never reaches the bus; `parse` tolerates fields of a later minor version.
 */
export function defineEvent<Type extends string, Shape extends z.ZodRawShape>(
  type: Type,
  schemaVersion: string,
  shape: Shape,
) {
  const data = z.object(shape);
  const detail = z.object({ metadata, data });
  const envelope = z.object({ source: z.literal(source), 'detail-type': z.literal(type), detail });
  return {
    type,
    schemaVersion,
    detail,
    pattern: { source: [source], 'detail-type': [type] },
    create(facts: z.input<typeof data>, about: Envelope) {
      const clean = detail.parse({ metadata: { ...about, schemaVersion }, data: facts });
      const { secretArn } = ofSecret.parse(facts);
      const resources = secretArn === undefined ? [] : [secretArn];
      return { source, 'detail-type': type, resources, detail: clean } as const;
    },
    /** From an EventBridge event, as SQS or Lambda receives it. Throws a ZodError. */
    parse(event: unknown) {
      return envelope.parse(event).detail;
    },
  };
}
