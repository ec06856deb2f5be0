import { ignore, localFetch, processRuntime, type Runtime } from './runtime.ts';
import { fieldsOf, SecretError, secretError } from './secret-error.ts';
import type { RawSecret, SecretRequest, SecretSource } from './secret-source.ts';
import { rawSecret, sdkReader } from './sdk-reader.ts';

export type LocalSourceOptions = {
  /** Default: what the extension's own variable says, else 2773. */
  readonly port?: number;
  readonly runtime?: Runtime;
};

export type ExtensionSourceOptions = LocalSourceOptions & {
  /** Who is asked after a refused credential: the extension keeps what it has for up to five minutes. Default: the SDK. */
  readonly fresh?: SecretSource;
};

/** The AWS Parameters and Secrets Lambda Extension. It is not ready at once in a cold start: that is waited for. */
export function extensionSource({ fresh = sdkReader(), ...options }: ExtensionSourceOptions = {}): SecretSource {
  const token = async ({ env }: Runtime) => env['AWS_SESSION_TOKEN'] ?? '';
  return { get: (request) => (request.fresh ? fresh.get(request) : ask(request, token, options)) };
}

export type AgentSourceOptions = LocalSourceOptions & {
  /** The file with the agent's token. Default `/var/run/awssmatoken`. */
  readonly tokenFile?: string;
};

/** The AWS Secrets Manager Agent on this host. */
export function agentSource({ tokenFile = '/var/run/awssmatoken', ...options }: AgentSourceOptions = {}): SecretSource {
  const token = async () => {
    // Whoever does not read by the agent does not load it.
    const { readFile } = await import('node:fs/promises');
    return (await readFile(tokenFile, 'utf8')).trim();
  };
  return { get: (request) => ask(request, token, options) };
}

const attempts = 5;

async function ask(
  request: SecretRequest,
  token: (runtime: Runtime) => Promise<string>,
  options: LocalSourceOptions,
): Promise<RawSecret> {
  const { secretId, signal } = request;
  const { runtime = processRuntime } = options;
  const url = urlOf(request, options.port ?? runtime.env['PARAMETERS_SECRETS_EXTENSION_HTTP_PORT']);
  for (let attempt = 1; ; attempt++) {
    const headers = { 'X-Aws-Parameters-Secrets-Token': await token(runtime) };
    const answer = await localFetch(url, { headers, signal }).catch(ignore);
    if (answer?.ok) return parsed(await answer.json(), secretId);
    const text = answer ? await answer.text() : 'not ready';
    signal.throwIfAborted();
    const isStarting = /not ready/i.test(text);
    if (!isStarting || attempt === attempts) {
      // Both pass on what Secrets Manager said; only the exception's name is looked for in it.
      const [name] = /\w+(Exception|Failure)/.exec(text) ?? [];
      throw secretError({ name, status: isStarting ? 503 : answer?.status }, secretId);
    }
    await new Promise<void>((resolve) => void runtime.after(50 * attempt, resolve));
  }
}

function urlOf({ secretId, stage, versionId, fresh }: SecretRequest, port: number | string = 2773): string {
  const query = {
    secretId,
    ...(stage && { versionStage: stage }),
    ...(versionId && { versionId }),
    ...(fresh && { refreshNow: 'true' }),
  };
  return `http://localhost:${port}/secretsmanager/get?${new URLSearchParams(query).toString()}`;
}

function parsed(answer: unknown, secretId: string): RawSecret {
  const texts = Object.entries(fieldsOf(answer)).filter(
    (entry): entry is [string, string] => typeof entry[1] === 'string',
  );
  const { SecretBinary: binary, ...facts }: Partial<Record<string, string>> = Object.fromEntries(texts);
  const raw = rawSecret({ ...facts, ...(binary && { SecretBinary: Buffer.from(binary, 'base64') }) });
  if (!raw.arn || !raw.name || !raw.versionId) throw new SecretError('PARSE', secretId);
  return raw;
}
