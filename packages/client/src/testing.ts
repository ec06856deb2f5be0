import { SecretError, type SecretErrorCode } from './secret-error.ts';
import type { RawSecret, SecretRequest, SecretSource, Stage } from './secret-source.ts';

/** What a secret holds: text, bytes, or what is written as JSON. */
export type FakeValue = string | Uint8Array | Readonly<Record<string, unknown>>;

export type FakeSource = SecretSource & {
  /** Every single read, in order; a batch is not among them. */
  readonly calls: readonly SecretRequest[];
  /** How many batches were asked for. */
  readonly batches: number;
  readonly arn: (name: string) => string;
  /** A new version becomes current, the current one previous. Returns its id. */
  readonly rotate: (name: string, value: FakeValue) => string;
  /** Puts a label on a new version, as `setSecret` does with `AWSPENDING`. Returns its id. */
  readonly put: (name: string, stage: Stage, value: FakeValue) => string;
  /** Moves `AWSCURRENT` to a version there is, as a rollback does. */
  readonly moveCurrent: (name: string, versionId: string) => void;
  /** From now on every read fails like this; undefined: no more. */
  readonly failWith: (error: SecretErrorCode | Error | undefined) => void;
  /** From now on reads wait for this before they answer, with what they saw when they began. */
  readonly answerAfter: (wait: (() => Promise<void>) | undefined) => void;
};

type Version = Pick<RawSecret, 'text' | 'binary'>;
type Secret = { readonly versions: Map<string, Version>; readonly stages: Map<string, string> };

/** Secrets Manager in memory, for an application's tests: names and ARNs, versions and stages, and failures when asked. */
export function fakeSource(initial: Readonly<Record<string, FakeValue>> = {}): FakeSource {
  const secrets = new Map<string, Secret>();
  const calls: SecretRequest[] = [];
  let batches = 0;
  let count = 0;
  let failure: SecretErrorCode | Error | undefined;
  let wait: (() => Promise<void>) | undefined;

  const arn = (name: string) => `arn:aws:secretsmanager:eu-central-1:123456789012:secret:${name}-AbCdEf`;
  const named = (id: string) =>
    [...secrets].find(([name]) => id === name || id === arn(name) || `${id}-AbCdEf` === arn(name));

  function put(name: string, stage: Stage, value: FakeValue): string {
    const secret: Secret = secrets.get(name) ?? { versions: new Map(), stages: new Map() };
    const versionId = `00000000-0000-4000-8000-${String(++count).padStart(12, '0')}`;
    secrets.set(name, secret);
    secret.versions.set(versionId, versionOf(value));
    secret.stages.set(stage, versionId);
    return versionId;
  }

  function rotate(name: string, value: FakeValue): string {
    const before = secrets.get(name)?.stages.get('AWSCURRENT');
    const versionId = put(name, 'AWSCURRENT', value);
    if (before !== undefined) secrets.get(name)?.stages.set('AWSPREVIOUS', before);
    return versionId;
  }

  function read(id: string, stage: Stage = 'AWSCURRENT', wanted?: string): RawSecret {
    const [name, secret] = named(id) ?? [];
    const versionId = wanted ?? secret?.stages.get(stage);
    const version = versionId === undefined ? undefined : secret?.versions.get(versionId);
    if (name === undefined || versionId === undefined || version === undefined) throw new SecretError('NOT_FOUND', id);
    return { arn: arn(name), name, versionId, ...version };
  }

  function check(secretId: string): void {
    if (failure) throw failure instanceof Error ? failure : new SecretError(failure, secretId);
  }

  for (const [name, value] of Object.entries(initial)) put(name, 'AWSCURRENT', value);
  return {
    calls,
    get batches() {
      return batches;
    },
    arn,
    put,
    rotate,
    moveCurrent(name, versionId) {
      const stages = secrets.get(name)?.stages;
      const before = stages?.get('AWSCURRENT');
      stages?.set('AWSCURRENT', versionId);
      if (before !== undefined) stages?.set('AWSPREVIOUS', before);
    },
    failWith(error) {
      failure = error;
    },
    answerAfter(next) {
      wait = next;
    },
    async get(request) {
      calls.push(request);
      const { secretId, stage, versionId } = request;
      check(secretId);
      const answer = read(secretId, stage, versionId);
      await wait?.();
      return answer;
    },
    async getMany(secretIds) {
      batches++;
      check(secretIds.join());
      return secretIds.flatMap((id) => (named(id) === undefined ? [] : read(id)));
    },
  };
}

function versionOf(value: FakeValue): Version {
  if (typeof value === 'string') return { text: value };
  return value instanceof Uint8Array ? { binary: value } : { text: JSON.stringify(value) };
}
