import type { Hidden } from '@keyturn/rotation/hidden';

export type ApiKey = {
  /** AWS chooses it. In an old account it may be the value. */
  readonly id: Hidden;
  /** Not unique, and people may change it. Ours hold something random: target.ts. */
  readonly name: string;
  readonly value: Hidden;
  readonly enabled: boolean;
  readonly description: string | undefined;
  /** Of AWS Marketplace. */
  readonly customerId: string | undefined;
  readonly tags: Readonly<Record<string, string>>;
  /** Stages that the key opens without a usage plan, `<api>/<stage>`: a way that AWS gave up in 2016. */
  readonly stageKeys: readonly string[];
  /** Milliseconds since 1970. */
  readonly createdAt: number | undefined;
};

export type UsagePlan = {
  readonly id: string;
  /** How many stages it opens. */
  readonly stages: number;
};

export type NewKey = Pick<ApiKey, 'name' | 'value' | 'description' | 'customerId' | 'tags'>;

/** The calls of API Gateway that issue and look. Each is repeated where that does no harm. Ids of plans are checked before they come here. */
export type ApiKeys = {
  plan(id: string): Promise<UsagePlan | 'no-plan'>;
  /** All whose name begins so, with their values. */
  named(prefix: string): Promise<readonly ApiKey[]>;
  get(id: Hidden): Promise<ApiKey | 'no-key'>;
  /** The usage plans that have the key. */
  plansOf(key: ApiKey): Promise<readonly UsagePlan[]>;
  /** With all its tags, in one step. Never repeated but where AWS said that it did nothing. `value-exists`: in this account and Region. */
  create(key: NewKey): Promise<ApiKey | 'value-exists'>;
  /** `conflict`: the plan has it already, or another one has it for the same stage. */
  attach(plan: string, key: ApiKey): Promise<'done' | 'conflict' | 'gone'>;
  detach(plan: string, key: ApiKey): Promise<'done' | 'gone'>;
  /** Adds a tag, or changes it; all others stay. */
  tag(key: ApiKey, name: string, value: string): Promise<'done' | 'gone'>;
  /** The days of UTC, as YYYY-MM-DD, on which the key was used under the plan, of those from `from` to `to`. */
  daysUsed(
    plan: string,
    key: ApiKey,
    range: { readonly from: string; readonly to: string },
  ): Promise<readonly string[]>;
};

/** Those that end a key. Only the function that retires may call them. */
export type KeySwitch = {
  setEnabled(key: ApiKey, enabled: boolean): Promise<'done' | 'gone'>;
  delete(key: ApiKey): Promise<'done' | 'gone'>;
};

/** The tag of a key that holds our mark. */
export const markTag = 'keyturn';

export const markIn = ({ tags }: ApiKey): string | undefined =>
  Object.hasOwn(tags, markTag) ? tags[markTag] : undefined;
