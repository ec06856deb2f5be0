import { readdirSync, readFileSync } from 'node:fs';

import { describe, expect, test } from 'vitest';
import * as z from 'zod';

import { breakingChanges } from './breaking-changes.ts';
import { catalogue, eventTypes, heard, heardTypes } from './catalogue.ts';
import { eventJsonSchema } from './json-schema.ts';

const folder = (path: string) => new URL(`../${path}`, import.meta.url);
const readJson = (path: string): unknown => JSON.parse(readFileSync(folder(path), 'utf8'));
const readme = readFileSync(folder('README.md'), 'utf8');

const all = [...catalogue, ...heard];
const canary = 'hunter2-canary';
const delivered = z.looseObject({
  resources: z.array(z.string()),
  detail: z.looseObject({
    metadata: z.looseObject({ idempotencyKey: z.string(), schemaVersion: z.string() }),
    data: z.looseObject({ secretArn: z.string().optional() }),
  }),
});

test('each event has a name of its own, a golden example and a schema, and nothing else has', () => {
  const expected = [...eventTypes, ...heardTypes].sort();
  const sourceFiles = readdirSync(folder('src'))
    .filter((name) => readFileSync(folder(`src/${name}`), 'utf8').includes(' = defineEvent('))
    .filter((name) => !name.endsWith('.test.ts'));

  expect(new Set(expected).size).toBe(expected.length);
  expect(readdirSync(folder('examples')).sort()).toEqual(expected.map((type) => `${type}.json`));
  expect(readdirSync(folder('schemas')).sort()).toEqual(expected.map((type) => `${type}.json`));
  expect(sourceFiles.map((name) => pascal(name)).sort()).toEqual(expected);
});

describe.each(all.map((event) => [event.type, event] as const))('%s', (type, event) => {
  const example = readJson(`examples/${type}.json`);
  const envelope = delivered.parse(example);
  const { detail, resources } = envelope;

  test('is read from its golden example as the bus delivers it', () => {
    expect(event.parse(example)).toEqual(detail);
    expect(detail.metadata.schemaVersion).toBe(event.schemaVersion);
    expect(resources).toEqual(detail.data.secretArn === undefined ? [] : [detail.data.secretArn]);
  });

  test('is published as its golden example says', () => {
    const { schemaVersion: _schemaVersion, ...about } = event.parse(example).metadata;

    expect(create(event, detail.data, about)).toEqual({ source: 'keyturn', 'detail-type': type, resources, detail });
  });

  test('drops what its schema does not declare, so that a stray value never reaches the bus', () => {
    const { schemaVersion: _schemaVersion, ...about } = event.parse(example).metadata;
    const strays = { apiKey: canary, metadata: { apiKey: canary }, detail: canary };

    const published = create(event, { ...detail.data, ...strays }, { ...about, ...strays });

    expect(published.detail).toEqual(detail);
    expect(JSON.stringify(published)).not.toContain(canary);
  });

  test('is read with fields of a later version, which it leaves out', () => {
    const later = {
      ...detail,
      metadata: { ...detail.metadata, schemaVersion: '1.7', tenant: 'x' },
      data: { ...detail.data, tenant: 'x' },
      more: true,
    };

    const read = event.parse({ source: 'keyturn', 'detail-type': type, detail: later, more: true });

    expect(read.data).toEqual(detail.data);
    expect(read).not.toHaveProperty('more');
  });

  test.each(requiredOf(event))('is refused without %s', (field) => {
    const { [field]: _left, ...rest } = detail.data;
    const incomplete = { source: 'keyturn', 'detail-type': type, detail: { ...detail, data: rest } };

    expect(() => event.parse(incomplete)).toThrow(z.ZodError);
  });

  test('is refused from another source and under another name', () => {
    expect(() => event.parse({ source: 'aws.secretsmanager', 'detail-type': type, detail })).toThrow(z.ZodError);
    expect(() => event.parse({ source: 'keyturn', 'detail-type': 'Other', detail })).toThrow(z.ZodError);
  });

  test('has the schema that is committed; `npx -y pnpm@12 exec node events/src/write-schemas.ts` writes it anew', () => {
    expect(readJson(`schemas/${type}.json`)).toEqual(structuredClone(eventJsonSchema(event)));
  });

  test('does not break a consumer who relies on the committed schema: a breaking change is an event of another name', () => {
    expect(breakingChanges(readJson(`schemas/${type}.json`), structuredClone(eventJsonSchema(event)))).toEqual([]);
  });

  test('passes a consumer who validates by the schema, with fields of a later version too', () => {
    const consumer = z.fromJSONSchema(structuredClone(eventJsonSchema(event)));
    const later = { ...envelope, detail: { ...detail, data: { ...detail.data, tenant: 'x' } }, more: true };

    expect(consumer.safeParse(example).error).toBeUndefined();
    expect(consumer.safeParse(later).error).toBeUndefined();
  });

  test('is in README.md with its pattern and every field of its own', () => {
    const section = readme.split(/^### /m).find((part) => part.startsWith(`${type}\n`)) ?? '';
    const pattern = /```json\n(?<pattern>[^`]*)```/.exec(section)?.groups?.['pattern'] ?? 'null';
    const common = new Set(['secretArn', 'secretName', 'provider', 'owner', 'environment', 'runbookUrl']);
    const own = Object.keys(detail.data).filter((field) => !common.has(field));

    expect(JSON.parse(pattern)).toEqual(event.pattern);
    expect(own.filter((field) => !section.includes(`\`${field}\``))).toEqual([]);
  });
});

test('README.md explains what every event says', () => {
  const [everywhere = ''] = readme.split(/^### /m);
  const { detail } = delivered.parse(readJson('examples/SecretAdopted.json'));
  const common = Object.keys(detail.data).filter(
    (field) => !['versionId', 'schedule', 'nextRotationAt', 'requestsFail'].includes(field),
  );

  const unexplained = [...Object.keys(detail.metadata), ...common].filter(
    (field) => !everywhere.includes(`\`${field}\``),
  );

  expect(unexplained).toEqual([]);
});

// What a later version added is optional: archived events lack it.
function requiredOf(event: (typeof all)[number]): string[] {
  const required = z.object({ required: z.array(z.string()) });
  const schema = z.object({
    properties: z.object({ detail: z.object({ properties: z.object({ data: required }) }) }),
  });
  return schema.parse(structuredClone(eventJsonSchema(event))).properties.detail.properties.data.required;
}

// The facts of the events have a type each; the examples are checked by `parse`.
function create(event: (typeof all)[number], facts: object, about: object) {
  return (event.create as (facts: object, about: object) => ReturnType<typeof event.create>)(facts, about);
}

function pascal(fileName: string): string {
  return fileName.replace('.ts', '').replaceAll(/(^|-)[a-z]/g, (start) => start.replace('-', '').toUpperCase());
}
