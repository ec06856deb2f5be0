import type { Secrets } from './create-secrets.ts';
import { rawSecret } from './sdk-reader.ts';
import type { SecretHandle } from './secret-handle.ts';
import type { RawSecret, SecretSource } from './secret-source.ts';

/** As many as BatchGetSecretValue takes. */
const batchSize = 20;

/** Reads all of them, what has to be asked for with one call for each 20. What does not come with it is asked for alone. */
export async function preload({ source }: Pick<Secrets, 'source'>, ...handles: readonly SecretHandle<unknown>[]) {
  const wanted: string[] = [];
  let answers: Promise<readonly RawSecret[]> | undefined;

  const get: SecretSource['get'] = async (request) => {
    const { secretId, stage, signal } = request;
    // A batch has the current versions, of all that is asked for in this turn.
    const isCurrent = stage === 'AWSCURRENT' && wanted.push(secretId);
    answers ??= Promise.resolve().then(() => (wanted.length > 1 ? many(source, wanted, signal).catch(() => []) : []));
    const found = (await answers).find(({ arn, name }) => isCurrent && (arn === secretId || name === secretId));
    return found ?? source.get(request);
  };
  await Promise.all(handles.map((handle) => handle.version({ from: { get } })));
}

async function many(
  source: SecretSource,
  ids: readonly string[],
  abortSignal: AbortSignal,
): Promise<readonly RawSecret[]> {
  if (source.getMany) return source.getMany(ids, abortSignal);
  const opened = await source.open?.();
  if (!opened) return [];
  const { sdk, client } = opened;
  const batches = Array.from({ length: Math.ceil(ids.length / batchSize) }, async (_, n) => {
    const SecretIdList = ids.slice(n * batchSize, (n + 1) * batchSize).map((id) => source.here?.(id) ?? id);
    const answer = await client.send(new sdk.BatchGetSecretValueCommand({ SecretIdList }), { abortSignal });
    return answer.SecretValues ?? [];
  });
  return (await Promise.all(batches)).flat().map(rawSecret);
}
