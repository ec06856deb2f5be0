import { localFetch, processRuntime, type Runtime } from './runtime.ts';
import { SecretError } from './secret-error.ts';
import type { RawSecret, SecretRequest, SecretSource } from './secret-source.ts';
import { sdkSource } from './sdk-source.ts';

export type LocalSourceOptions = {
  /** Default: what the extension's own variable says, else 2773. */
  readonly port?: number;
  readonly runtime?: Partial<Runtime>;
};

export type ExtensionSourceOptions = LocalSourceOptions & {
  /** Who is asked after a refused credential: the extension keeps what it has for up to five minutes. Default: the SDK. */
  readonly fresh?: SecretSource;
};

/** The AWS Parameters and Secrets Lambda Extension. It is not ready at once in a cold start: that is waited for. */
export function extensionSource({ fresh = sdkSource(), ...options }: ExtensionSourceOptions = {}): SecretSource {
  const runtime = { ...processRuntime, ...options.runtime };
  const token = async () => runtime.env['AWS_SESSION_TOKEN'] ?? '';
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
  token: () => Promise<string>,
  options: LocalSourceOptions,
): Promise<RawSecret> {
  const { secretId, signal } = request;
  const runtime = { ...processRuntime, ...options.runtime };
  const url = urlOf(request, options.port ?? Number(runtime.env['PARAMETERS_SECRETS_EXTENSION_HTTP_PORT'] ?? 2773));
  for (let attempt = 1; ; attempt++) {
    const headers = { 'X-Aws-Parameters-Secrets-Token': await token() };
    const answer = await localFetch(url, { headers, signal }).catch(() => undefined);
    if (answer?.ok) return rawSecret(await answer.json(), secretId);
    const text = await (answer?.text() ?? '');
    signal.throwIfAborted();
    if ((answer && !isStarting.test(text)) || attempt === attempts) {
      throw new SecretError(codeOf(answer?.status, text), secretId);
    }
    await new Promise<void>((resolve) => void runtime.after(50 * attempt, resolve));
  }
}

const isStarting = /not ready/i;

function urlOf({ secretId, stage, versionId, fresh }: SecretRequest, port: number): URL {
  const url = new URL(`http://localhost:${port}/secretsmanager/get`);
  url.searchParams.set('secretId', secretId);
  if (stage !== undefined) url.searchParams.set('versionStage', stage);
  if (versionId !== undefined) url.searchParams.set('versionId', versionId);
  if (fresh) url.searchParams.set('refreshNow', 'true');
  return url;
}

/** Both pass on what Secrets Manager said; only the exception's name is looked for in it. */
function codeOf(status = 503, text: string): ConstructorParameters<typeof SecretError>[0] {
  if (text.includes('ResourceNotFound')) return 'NOT_FOUND';
  if (text.includes('Decryption')) return 'DECRYPTION_FAILED';
  if (text.includes('AccessDenied') || status === 401 || status === 403) return 'ACCESS_DENIED';
  if (text.includes('Throttl') || status === 429) return 'THROTTLED';
  return status < 500 && !isStarting.test(text) ? 'INVALID_REQUEST' : 'UNAVAILABLE';
}

function rawSecret(answer: unknown, secretId: string): RawSecret {
  const { ARN: arn, Name: name, VersionId: versionId, SecretString: text, SecretBinary: binary } = fieldsOf(answer);
  if (arn === undefined || name === undefined || versionId === undefined) throw new SecretError('PARSE', secretId);
  return { arn, name, versionId, text, binary: binary === undefined ? undefined : Buffer.from(binary, 'base64') };
}

function fieldsOf(answer: unknown): Partial<Record<string, string>> {
  const isText = (entry: [string, unknown]): entry is [string, string] => typeof entry[1] === 'string';
  return typeof answer === 'object' && answer !== null ? Object.fromEntries(Object.entries(answer).filter(isText)) : {};
}
