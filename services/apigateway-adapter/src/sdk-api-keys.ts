import {
  CreateApiKeyCommand,
  CreateUsagePlanKeyCommand,
  DeleteApiKeyCommand,
  DeleteUsagePlanKeyCommand,
  GetApiKeyCommand,
  GetApiKeysCommand,
  GetUsageCommand,
  GetUsagePlanCommand,
  GetUsagePlansCommand,
  TagResourceCommand,
  UpdateApiKeyCommand,
  type APIGatewayClient,
} from '@aws-sdk/client-api-gateway';
import type { Random } from '@keyturn/http/random';
import type { Clock } from '@keyturn/rotation/clock';
import { PermanentError } from '@keyturn/rotation/errors';
import type * as z from 'zod';

import type { ApiKey, ApiKeys, KeySwitch } from './api-keys.ts';
import { awsCaller, type AwsCaller } from './aws-caller.ts';
import { keyPageSchema, keySchema, planPageSchema, planSchema, usagePageSchema } from './aws-answers.ts';

type Options = { readonly client: APIGatewayClient; readonly clock: Clock; readonly random: Random };

const pageSize = 500;

/** By the SDK, whose own retries are off: it would make a key twice, and it waits by a clock of its own. */
export function sdkApiKeys({ client, ...ports }: Options): ApiKeys & KeySwitch {
  const means = { client, call: awsCaller(ports) };
  return { ...reads(means), ...writes(means), ...ends(means) };
}

type Means = { readonly client: APIGatewayClient; readonly call: AwsCaller };

function reads({ client, call }: Means): Pick<ApiKeys, 'plan' | 'named' | 'get' | 'plansOf' | 'daysUsed'> {
  return {
    async plan(id) {
      const command = new GetUsagePlanCommand({ usagePlanId: id });
      const answer = await call(
        harmless('GetUsagePlan', () => client.send(command)),
        'NotFoundException',
      );
      return answer === 'NotFoundException' ? 'no-plan' : parse('GetUsagePlan', planSchema, answer);
    },

    named: (prefix) =>
      allPages(async (position) => {
        const query = { nameQuery: prefix, includeValues: true, limit: pageSize };
        const command = new GetApiKeysCommand({ ...query, ...position });
        return parse('GetApiKeys', keyPageSchema, await call(harmless('GetApiKeys', () => client.send(command))));
      }),

    async get(id) {
      const command = new GetApiKeyCommand({ apiKey: id.reveal(), includeValue: true });
      const answer = await call(
        harmless('GetApiKey', () => client.send(command)),
        'NotFoundException',
      );
      return answer === 'NotFoundException' ? 'no-key' : parse('GetApiKey', keySchema, answer);
    },

    plansOf: (key) =>
      allPages(async (position) => {
        const command = new GetUsagePlansCommand({ keyId: key.id.reveal(), limit: pageSize, ...position });
        const answer = await call(
          harmless('GetUsagePlans', () => client.send(command)),
          'NotFoundException',
        );
        // Somebody deleted the key.
        return answer === 'NotFoundException' ? { items: [] } : parse('GetUsagePlans', planPageSchema, answer);
      }),

    async daysUsed(plan, { id }, { from, to }) {
      const days = await allPages(async (position) => {
        const query = { usagePlanId: plan, keyId: id.reveal(), startDate: from, endDate: to, limit: pageSize };
        const command = new GetUsageCommand({ ...query, ...position });
        // A plan that was deleted a moment ago took along what it counted: that is no "never used", so it is no answer.
        return parse('GetUsage', usagePageSchema, await call(harmless('GetUsage', () => client.send(command))));
      });
      return [...new Set(days)];
    },
  };
}

function writes({ client, call }: Means): Pick<ApiKeys, 'create' | 'attach' | 'detach' | 'tag'> {
  return {
    async create({ value, description, customerId, ...key }) {
      const command = new CreateApiKeyCommand({
        ...key,
        value: value.reveal(),
        enabled: true,
        ...(description !== undefined && { description }),
        ...(customerId !== undefined && { customerId }),
      });
      const send = () => client.send(command);
      const answer = await call({ operation: 'CreateApiKey', send, repeatable: false }, 'ConflictException');
      return answer === 'ConflictException' ? 'value-exists' : parse('CreateApiKey', keySchema, answer);
    },

    async attach(plan, { id }) {
      const command = new CreateUsagePlanKeyCommand({ usagePlanId: plan, keyId: id.reveal(), keyType: 'API_KEY' });
      const asked = harmless('CreateUsagePlanKey', () => client.send(command));
      const answer = await call(asked, 'ConflictException', 'NotFoundException');
      if (answer === 'ConflictException') return 'conflict';
      return answer === 'NotFoundException' ? 'gone' : 'done';
    },

    async detach(plan, { id }) {
      const command = new DeleteUsagePlanKeyCommand({ usagePlanId: plan, keyId: id.reveal() });
      return doneOr(
        await call(
          harmless('DeleteUsagePlanKey', () => client.send(command)),
          'NotFoundException',
        ),
      );
    },

    async tag({ id }, name, value) {
      const resourceArn = keyArn(await client.config.region(), id.reveal());
      const command = new TagResourceCommand({ resourceArn, tags: { [name]: value } });
      return doneOr(
        await call(
          harmless('TagResource', () => client.send(command)),
          'NotFoundException',
        ),
      );
    },
  };
}

function ends({ client, call }: Means): KeySwitch {
  return {
    async setEnabled({ id }, enabled) {
      const patchOperations = [{ op: 'replace' as const, path: '/enabled', value: String(enabled) }];
      const command = new UpdateApiKeyCommand({ apiKey: id.reveal(), patchOperations });
      return doneOr(
        await call(
          harmless('UpdateApiKey', () => client.send(command)),
          'NotFoundException',
        ),
      );
    },

    async delete({ id }) {
      const command = new DeleteApiKeyCommand({ apiKey: id.reveal() });
      return doneOr(
        await call(
          harmless('DeleteApiKey', () => client.send(command)),
          'NotFoundException',
        ),
      );
    },
  };
}

/** A second time it does nothing, or what it did the first time. */
const harmless = <Answer>(operation: string, send: () => Promise<Answer>) => ({ operation, send, repeatable: true });

// What is gone, or so already, is as it should be.
const doneOr = (answer: unknown): 'done' | 'gone' => (answer === 'NotFoundException' ? 'gone' : 'done');

type Page<Item> = { readonly items: readonly Item[]; readonly position?: string | undefined };

async function allPages<Item>(
  read: (position: { readonly position?: string }) => Promise<Page<Item>>,
): Promise<readonly Item[]> {
  const all: Item[] = [];
  const seen = new Set<string>();
  for (let next: string | undefined; ;) {
    const { items, position } = await read(next === undefined ? {} : { position: next });
    all.push(...items);
    if (position === undefined || position === '') return all;
    if (seen.has(position)) throw answered('a page that was there already', 'position');
    seen.add(position);
    next = position;
  }
}

function parse<Schema extends z.ZodType>(operation: string, schema: Schema, answer: unknown): z.output<Schema> {
  const parsed = schema.safeParse(answer);
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  throw answered(`${operation}: another form than expected`, issue?.path.map(String).join('.') || 'answer');
}

function answered(problem: string, field: string): PermanentError {
  return new PermanentError('provider-answer', `API Gateway answers with ${problem}`, { field });
}

function keyArn(region: string, id: ApiKey['name']): string {
  const partition = region.startsWith('cn-') ? 'aws-cn' : region.startsWith('us-gov-') ? 'aws-us-gov' : 'aws';
  return `arn:${partition}:apigateway:${region}::/apikeys/${id}`;
}
